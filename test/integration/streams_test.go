// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// runOn makes an instance that runs on a node, and waits until virt-apiserver has found the node's plugin.
func runOn(t *testing.T, namespace, name, node string) *v1.VirtualMachineInstance {
	t.Helper()
	vmi := setPhase(t, createVMI(t, namespace, newVMI(name)), v1.Running, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = node })
	eventually(t, "plugin of "+node, func(ctx context.Context) error {
		a, err := send(ctx, cluster.direct, http.MethodPut, pathOf("kubevirt.io", namespace, "virtualmachineinstances", name)+"/pause", "", nil)
		if err != nil || a.code != http.StatusOK {
			return fmt.Errorf("pause answered %d %s, %v", a.code, a.body, err)
		}
		return nil
	})
	return vmi
}

// drain forgets the requests that came so far.
func (p *plugin) drain() {
	for {
		select {
		case <-p.asked:
		default:
			return
		}
	}
}

func TestPauseReachesThePluginOfTheNode(t *testing.T) {
	p := startPlugin(t, "pause-node")
	ns := newNamespace(t)
	vmi := runOn(t, ns, "demo", p.node)
	p.drain()
	for _, group := range groups {
		expectDone(t, "pause", put(t, group, ns, "virtualmachineinstances", "demo", "pause", ""), 200)
		req := <-p.asked
		if got, want := req.Method+" "+req.URL.Path, "PUT /v1/namespaces/"+ns+"/virtualmachineinstances/demo/pause"; got != want {
			t.Errorf("the plugin was asked %s, want %s", got, want)
		}
		if peer := req.TLS.PeerCertificates[0]; len(peer.URIs) != 1 || peer.URIs[0].String() != "spiffe://virtplane.io/apiserver" {
			t.Errorf("the plugin was asked by %v", peer.URIs)
		}
	}
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: 409, Reason: metav1.StatusReasonConflict, Message: "the guest has no CPU",
		})
	}
	expectRefusal(t, "pause that the plugin refuses", put(t, "kubevirt.io", ns, "virtualmachineinstances", "demo", "pause", ""), 409, "the guest has no CPU")
	<-p.asked
	p.answer = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "lost", http.StatusInternalServerError) }
	expectRefusal(t, "pause that goes wrong", put(t, "kubevirt.io", ns, "virtualmachineinstances", "demo", "pause", ""), 500,
		"Internal error occurred: unexpected return code 500 (500 Internal Server Error), message: lost")
	<-p.asked

	p.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
	setPhase(t, vmi, v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{{Type: v1.VirtualMachineInstancePaused, Status: v1.ConditionTrue}}
	})
	expectDone(t, "unpause", put(t, "kubevirt.io", ns, "virtualmachineinstances", "demo", "unpause", ""), 200)
	if req := <-p.asked; !strings.HasSuffix(req.URL.Path, "/demo/unpause") {
		t.Errorf("the plugin was asked %s", req.URL.Path)
	}
}

// dialConsole opens a console as virtctl does.
func dialConsole(t *testing.T, login *rest.Config, path string, header http.Header, protocols ...string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	dialer := websocket.Dialer{TLSClientConfig: must(rest.TLSConfigFor(login))(t), Subprotocols: protocols, HandshakeTimeout: patience}
	return dialer.DialContext(t.Context(), "wss"+strings.TrimPrefix(login.Host, "https")+path, header)
}

func TestConsole(t *testing.T) {
	p := startPlugin(t, "console-node")
	ns := newNamespace(t)
	runOn(t, ns, "demo", p.node)
	p.drain()
	for _, group := range groups {
		for server, login := range map[string]*rest.Config{"virt-apiserver": cluster.direct, "kube-apiserver": cluster.admin} {
			for _, protocols := range [][]string{nil, {"plain.kubevirt.io"}} {
				what := fmt.Sprintf("console of %s through %s, protocols %v", group, server, protocols)
				conn, resp, err := dialConsole(t, login, pathOf(group, ns, "virtualmachineinstances", "demo")+"/console?readOnly=1&position=run:5&other=x",
					http.Header{"Cookie": {"secret"}, "Origin": {"https://example.com"}}, protocols...)
				if err != nil {
					t.Fatalf("%s: %v %v", what, err, resp)
				}
				if got := conn.Subprotocol(); got != strings.Join(protocols, "") {
					t.Errorf("%s: the server chose %q", what, got)
				}
				req := <-p.asked
				if got, want := req.URL.Path, "/v1/namespaces/"+ns+"/virtualmachineinstances/demo/console"; got != want {
					t.Errorf("%s: the plugin was asked %s, want %s", what, got, want)
				}
				if got, want := req.URL.RawQuery, "position=run%3A5&readOnly=true"; got != want {
					t.Errorf("%s: the plugin was asked for %s, want %s", what, got, want)
				}
				if got := resp.Header.Get(v1.ConsolePositionHeader); got != "run:5" {
					t.Errorf("%s: the output begins at %q", what, got)
				}
				for header := range req.Header {
					if header == "Authorization" || header == "Cookie" || strings.HasPrefix(header, "X-Remote-") {
						t.Errorf("%s: the node got the user's header %s", what, header)
					}
				}
				if err := conn.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
					t.Fatal(err)
				}
				kind, message, err := conn.ReadMessage()
				if err != nil || kind != websocket.BinaryMessage || string(message) != "guest: hello" {
					t.Errorf("%s: got %q of kind %d, %v", what, message, kind, err)
				}
				conn.Close()
			}
		}
	}
}

// TestARefusedConsoleEndsTheConnection holds that nobody talks to a node past virt-apiserver's checks:
// a handshake that the node refuses must not leave a tunnel to it.
func TestARefusedConsoleEndsTheConnection(t *testing.T) {
	p := startPlugin(t, "refusing-node")
	ns := newNamespace(t)
	runOn(t, ns, "demo", p.node)
	p.drain()
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no console now", http.StatusServiceUnavailable)
	}
	p.refuse = true

	config := must(rest.TLSConfigFor(cluster.direct))(t)
	config.NextProtos = []string{"http/1.1"}
	conn := must(tls.Dial("tcp", cluster.server.listener.Addr().String(), config))(t)
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	path := pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo") + "/console"
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", path)
	reader := bufio.NewReader(conn)
	resp := must(http.ReadResponse(reader, nil))(t)
	body := must(io.ReadAll(resp.Body))(t)
	if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "no console now") {
		t.Errorf("the refusal came as %d %s", resp.StatusCode, body)
	}
	<-p.asked
	fmt.Fprintf(conn, "PUT /v1/namespaces/%s/virtualmachineinstances/other/pause HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", ns)
	if second, err := http.ReadResponse(reader, nil); err == nil && second.StatusCode != http.StatusNotFound {
		t.Errorf("a second request on the connection was answered %d", second.StatusCode)
	}
	select {
	case req := <-p.asked:
		t.Errorf("a second request on the connection reached the node: %s %s", req.Method, req.URL.Path)
	default:
	}
}
