// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

const (
	subresources = "/apis/subresources.kubevirt.io/v1/namespaces/lab/"
	objects      = "/apis/kubevirt.io/v1/namespaces/lab/"
	clusterToken = "token-of-the-kubeconfig"
)

// cluster is an API server with one namespace, lab, and what a test puts into it.
type cluster struct {
	*httptest.Server
	serial *serial
	screen *screen
	// mu guards everything below.
	mu sync.Mutex
	// answers take precedence, by "METHOD path".
	answers map[string]http.HandlerFunc
	seen    []string
	// machines and instances are objects by name; changed is closed and replaced when one changes.
	machines, instances map[string]object
	history             []change
	changed             chan struct{}
}

type object map[string]any

// change is an event of a watch, in the order of resource versions.
type change struct {
	resource, kind string
	object         object
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{
		serial: newSerial(), screen: newScreen(), answers: map[string]http.HandlerFunc{},
		machines: map[string]object{}, instances: map[string]object{}, changed: make(chan struct{}),
	}
	c.Server = httptest.NewTLSServer(c)
	t.Cleanup(func() {
		c.serial.drop()
		c.screen.drop()
		c.CloseClientConnections()
		c.Close()
	})
	return c
}

// on answers a request with a handler, or with nil as ever.
func (c *cluster) on(request string, handler http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[request] = handler
}

// asked tells how often a request, of which part is a part, has come.
func (c *cluster) asked(part string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, s := range c.seen {
		if strings.Contains(s, part) {
			n++
		}
	}
	return n
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	c.seen = append(c.seen, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+string(body)))
	handler := c.answers[r.Method+" "+r.URL.Path]
	c.mu.Unlock()
	switch path := r.URL.Path; {
	case r.Header.Get("Authorization") != "Bearer "+clusterToken:
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case handler != nil:
		handler(w, r)
	case path == subresources+"virtualmachineinstances/demo/console":
		header, from := c.serial.begin(r.URL.Query())
		upgrade(w, r, header, func(conn *websocket.Conn) { c.serial.serve(conn, from) })
	case path == subresources+"virtualmachineinstances/demo/vnc":
		upgrade(w, r, nil, c.screen.serve)
	case path == objects+"virtualmachines" || path == objects+"virtualmachineinstances":
		c.list(w, r, strings.TrimPrefix(path, objects))
	case path == "/api/v1/namespaces":
		io.WriteString(w, `{"items":[{"metadata":{"name":"lab"}},{"metadata":{"name":"shop"}}]}`)
	default:
		http.NotFound(w, r)
	}
}

func upgrade(w http.ResponseWriter, r *http.Request, header http.Header, serve func(*websocket.Conn)) {
	upgrader := websocket.Upgrader{Subprotocols: []string{"plain.kubevirt.io"}, CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, header)
	if err != nil {
		return
	}
	defer conn.Close()
	serve(conn)
}

// put adds or changes an object.
func (c *cluster) put(resource, name string, parts object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.machines
	if resource == "virtualmachineinstances" {
		all = c.instances
	}
	kind := "MODIFIED"
	if all[name] == nil {
		kind = "ADDED"
	}
	c.note(resource, kind, name, parts, all)
	all[name] = parts
}

// remove removes an object.
func (c *cluster) remove(resource, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.machines
	if resource == "virtualmachineinstances" {
		all = c.instances
	}
	c.note(resource, "DELETED", name, all[name], all)
	delete(all, name)
}

func (c *cluster) note(resource, kind, name string, parts object, all map[string]object) {
	parts["metadata"] = object{"namespace": "lab", "name": name, "resourceVersion": fmt.Sprint(len(c.history) + 1)}
	c.history = append(c.history, change{resource, kind, parts})
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *cluster) list(w http.ResponseWriter, r *http.Request, resource string) {
	c.mu.Lock()
	items := []object{}
	all := c.machines
	if resource == "virtualmachineinstances" {
		all = c.instances
	}
	for _, o := range all {
		items = append(items, o)
	}
	version := len(c.history)
	encoded, _ := json.Marshal(object{"metadata": object{"resourceVersion": fmt.Sprint(version)}, "items": items})
	c.mu.Unlock()
	if r.URL.Query().Get("watch") == "" {
		w.Write(encoded)
		return
	}
	fmt.Sscan(r.URL.Query().Get("resourceVersion"), &version)
	for {
		w.(http.Flusher).Flush()
		c.mu.Lock()
		news, changed := c.history[version:], c.changed
		version = len(c.history)
		for _, n := range news {
			if n.resource == resource {
				json.NewEncoder(w).Encode(object{"type": n.kind, "object": n.object})
			}
		}
		c.mu.Unlock()
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// kubeconfig writes a kubeconfig for the cluster.
func (c *cluster) kubeconfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw})
	config := "apiVersion: v1\nkind: Config\ncurrent-context: c\n" +
		"clusters: [{name: k, cluster: {server: '" + c.URL + "', certificate-authority-data: " + base64.StdEncoding.EncodeToString(ca) + "}}]\n" +
		"users: [{name: u, user: {token: " + clusterToken + "}}]\n" +
		"contexts: [{name: c, context: {cluster: k, user: u, namespace: lab}}]\n"
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func refuse(code int, reason, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message})
	}
}
