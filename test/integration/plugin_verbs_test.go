// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// withAgent has the guest of an instance answer by its agent.
func withAgent(t *testing.T, vmi *v1.VirtualMachineInstance) {
	t.Helper()
	setPhase(t, getVMI(t, vmi.Namespace, vmi.Name), v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{{Type: v1.VirtualMachineInstanceAgentConnected, Status: v1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	})
}

func TestVerbsReachThePluginOfTheNode(t *testing.T) {
	p := startPlugin(t, "verbs-node")
	ns := newNamespace(t)
	withAgent(t, runOn(t, ns, "demo", p.node))
	p.drain()
	bodies := make(chan string, 1)
	p.answer = func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		bodies <- string(body)
		w.WriteHeader(http.StatusOK)
	}
	for _, c := range []struct{ verb, body, sent string }{
		{"freeze", "unfreezeTimeout: 5m", `{"unfreezeTimeout":"5m0s"}`},
		{"unfreeze", "", ""},
		{"reset", "", ""},
		{"softreboot", "", ""},
		{"backup", "", `{}`},
	} {
		expectDone(t, c.verb, put(t, "subresources.kubevirt.io", ns, "virtualmachineinstances", "demo", c.verb, c.body), 200)
		req, sent := <-p.asked, <-bodies
		if want := "PUT /v1/namespaces/" + ns + "/virtualmachineinstances/demo/" + c.verb; req.Method+" "+req.URL.Path != want {
			t.Errorf("the plugin was asked %s %s, want %s", req.Method, req.URL.Path, want)
		}
		if c.verb == "backup" && strings.HasPrefix(sent, "{") {
			continue // whose options are those of another API
		}
		if sent != c.sent {
			t.Errorf("%s: the plugin was sent %q, want %q", c.verb, sent, c.sent)
		}
	}

	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"hostname":"guest"}`)
	}
	for _, verb := range []string{"guestosinfo", "userlist", "filesystemlist"} {
		a := call(t, cluster.direct, http.MethodGet, pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo")+"/"+verb, "", nil)
		if a.code != 200 || a.body != `{"hostname":"guest"}` || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s %s", verb, a.code, a.header.Get("Content-Type"), a.body)
		}
		<-p.asked
	}
	screenshot := func() answer {
		return call(t, cluster.admin, http.MethodGet, pathOf("subresources.kubevirt.io", ns, "virtualmachineinstances", "demo")+"/vnc/screenshot", "", nil)
	}
	expectRefusal(t, "a picture that is none", screenshot(), 500,
		`Internal error occurred: vnc/screenshot through the plugin of node "verbs-node": the answer is application/json, want image/png`)
	<-p.asked
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(w, "<script>")
	}
	expectRefusal(t, "a picture that only says it is one", screenshot(), 500,
		`Internal error occurred: vnc/screenshot through the plugin of node "verbs-node": the answer is no PNG, want image/png`)
	<-p.asked
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(w, "\x89PNG\r\n\x1a\n")
	}
	if a := screenshot(); a.code != 200 || a.body != "\x89PNG\r\n\x1a\n" || a.header.Get("Content-Type") != "image/png" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("picture: %d %v %q", a.code, a.header, a.body)
	}
	if req := <-p.asked; req.URL.Path != "/v1/namespaces/"+ns+"/virtualmachineinstances/demo/vnc/screenshot" {
		t.Errorf("the plugin was asked %s", req.URL.Path)
	}
	// An older plugin knows fewer verbs.
	p.answer = http.NotFound
	expectRefusal(t, "a verb that the plugin does not know", put(t, "kubevirt.io", ns, "virtualmachineinstances", "demo", "reset", ""), 501,
		`the plugin of node "verbs-node" does not serve reset`)
	<-p.asked
	p.refuse = true
	a := call(t, cluster.direct, http.MethodGet, pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo")+"/vnc", "", handshake)
	expectRefusal(t, "a stream that the plugin does not know", a, 501, `the plugin of node "verbs-node" does not serve vnc`)
	<-p.asked
	expectRefusal(t, "a stream without a handshake", call(t, cluster.direct, http.MethodGet, pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo")+"/vnc", "", nil), 400,
		"vnc is a stream; ask for it by a websocket handshake")
}

func TestAScreenIsAskedForPolitely(t *testing.T) {
	p := startPlugin(t, "screen-node")
	ns := newNamespace(t)
	runOn(t, ns, "demo", p.node)
	p.drain()
	for query, want := range map[string]string{"": "", "?preserveSession=true": "preserveSession=true", "?preserveSession=0&x=y": ""} {
		conn, resp, err := dialConsole(t, cluster.admin, pathOf("subresources.kubevirt.io", ns, "virtualmachineinstances", "demo")+"/vnc"+query, nil, "plain.kubevirt.io")
		if err != nil {
			t.Fatalf("vnc%s: %v %v", query, err, resp)
		}
		if req := <-p.asked; req.URL.RawQuery != want || !strings.HasSuffix(req.URL.Path, "/demo/vnc") {
			t.Errorf("vnc%s: the plugin was asked %s", query, req.URL)
		}
		if err := conn.WriteMessage(websocket.BinaryMessage, []byte("RFB")); err != nil {
			t.Error(err)
		}
		if _, message, err := conn.ReadMessage(); err != nil || string(message) != "guest: RFB" {
			t.Errorf("vnc%s: %q, %v", query, message, err)
		}
		conn.Close()
	}
}
