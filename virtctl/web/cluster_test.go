// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	clusterToken = "token-of-the-kubeconfig"
	consolePath  = "GET /apis/subresources.kubevirt.io/v1/namespaces/lab/virtualmachineinstances/demo/console"
	vncPath      = "GET /apis/subresources.kubevirt.io/v1/namespaces/lab/virtualmachineinstances/demo/vnc"
)

// cluster is an API server that answers from a table and keeps what it was asked.
type cluster struct {
	*httptest.Server
	// answers maps "METHOD path" to what is written; anything else is the 404 of an unknown path.
	answers map[string]http.HandlerFunc
	// mu guards seen, which has "METHOD path?query body".
	mu   sync.Mutex
	seen []string
}

func newCluster(t *testing.T, answers map[string]http.HandlerFunc) *cluster {
	t.Helper()
	c := &cluster{answers: answers}
	c.Server = httptest.NewTLSServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	c.seen = append(c.seen, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+string(body)))
	c.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+clusterToken {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	if answer := c.answers[r.Method+" "+r.URL.Path]; answer != nil {
		answer(w, r)
		return
	}
	http.NotFound(w, r)
}

func (c *cluster) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.seen...)
}

func (c *cluster) config() *rest.Config {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw})
	return &rest.Config{Host: c.URL, BearerToken: clusterToken, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
}

func answer(value any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(value)
	}
}

func refusing(code int32, reason metav1.StatusReason, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(code))
		json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
			Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: message,
		})
	}
}

// guest answers with a websocket.
func guest(t *testing.T, serve func(*websocket.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"plain.kubevirt.io"}, CheckOrigin: func(*http.Request) bool { return true }}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		defer conn.Close()
		serve(conn)
	}
}

// site is a server of pages, with the secrets of a browser that has opened its link.
type site struct {
	*server
	address string
	stop    func()
}

func newSite(t *testing.T, c *cluster, o Options) *site {
	t.Helper()
	o.Config, o.Namespace, o.Notices = c.config(), "lab", io.Discard
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(o, l.Addr().(*net.TCPAddr))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &site{server: s, address: l.Addr().String(), stop: stop}
}

// ask sends a request as a page of a member does, changed by the edits.
func (s *site) ask(t *testing.T, method, path, body string, edits ...func(*http.Request)) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "http://"+s.address)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set(keyHeader, s.gate.key)
	r.AddCookie(&http.Cookie{Name: s.gate.name, Value: s.gate.cookie})
	for _, edit := range edits {
		edit(r)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), clusterToken) {
		t.Errorf("%s %s shows the kubeconfig's token", method, path)
	}
	return answer.StatusCode, answer.Header, string(bytes.TrimSpace(text))
}

func (s *site) socket(t *testing.T, path string, edits ...func(http.Header)) (*websocket.Conn, *http.Response) {
	t.Helper()
	h := http.Header{"Origin": {"http://" + s.address}, "Cookie": {s.gate.name + "=" + s.gate.cookie}}
	dialer := websocket.Dialer{Subprotocols: []string{streamProtocol, keyProtocol + s.gate.key}}
	for _, edit := range edits {
		edit(h)
	}
	if own := h.Values("Sec-Websocket-Protocol"); len(own) > 0 {
		dialer.Subprotocols = nil
	}
	conn, answer, err := dialer.DialContext(t.Context(), (&url.URL{Scheme: "ws", Host: s.address}).String()+path, h)
	if err != nil {
		return nil, answer
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	return conn, answer
}

// opened reads the first message.
func opened(t *testing.T, conn *websocket.Conn) opening {
	t.Helper()
	var o opening
	if kind, message, err := conn.ReadMessage(); err != nil || kind != websocket.TextMessage || json.Unmarshal(message, &o) != nil {
		t.Fatalf("first message %d %q, %v", kind, message, err)
	}
	return o
}
