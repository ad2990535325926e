// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const rfbVersion = "RFB 003.008\n"

// messages makes a stream of bytes of a websocket's messages.
type messages struct {
	conn *websocket.Conn
	rest io.Reader
}

func (m *messages) Read(p []byte) (int, error) {
	for {
		if m.rest != nil {
			if n, err := m.rest.Read(p); n > 0 || err != io.EOF {
				return n, err
			}
		}
		var err error
		if _, m.rest, err = m.conn.NextReader(); err != nil {
			return 0, err
		}
	}
}

func (m *messages) Write(p []byte) (int, error) {
	return len(p), m.conn.WriteMessage(websocket.BinaryMessage, p)
}

// serveScreen greets a viewer as QEMU does (RFC 6143), with a screen of 640 by 480 pixels.
func serveScreen(conn *websocket.Conn) {
	viewer := &messages{conn: conn}
	said := make([]byte, len(rfbVersion))
	steps := []struct {
		say  string
		hear int
	}{{rfbVersion, 12}, {"\x01\x01", 1}, {"\x00\x00\x00\x00", 1}, {"\x02\x80\x01\xe0" + strings.Repeat("\x00", 16) + "\x00\x00\x00\x05guest", 1}}
	for _, step := range steps {
		if _, err := io.WriteString(viewer, step.say); err != nil {
			return
		}
		if _, err := io.ReadFull(viewer, said[:step.hear]); err != nil {
			return
		}
	}
}

// look greets a screen as a viewer does and returns the name of the guest.
func look(conn *websocket.Conn) (string, error) {
	screen := &messages{conn: conn}
	heard := make([]byte, 64)
	for _, step := range []struct {
		hear int
		say  string
	}{{12, rfbVersion}, {2, "\x01"}, {4, "\x00"}, {24, ""}} {
		if _, err := io.ReadFull(screen, heard[:step.hear]); err != nil {
			return "", err
		}
		if step.say == "" {
			break
		}
		if _, err := io.WriteString(screen, step.say); err != nil {
			return "", err
		}
	}
	name := make([]byte, heard[23])
	_, err := io.ReadFull(screen, name)
	return string(name), err
}

// viewerToken returns the token of a user who may do no more than look at screens.
func viewerToken(t *testing.T, ns string) string {
	t.Helper()
	account := must(cluster.core.CoreV1().ServiceAccounts(ns).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "viewer"}}, metav1.CreateOptions{}))(t)
	var rules []rbacv1.PolicyRule
	for _, group := range groups {
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{"virtualmachineinstances/vnc"}, Verbs: []string{"get"}})
	}
	must(cluster.core.RbacV1().Roles(ns).Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "viewer"}, Rules: rules}, metav1.CreateOptions{}))(t)
	must(cluster.core.RbacV1().RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "viewer"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "viewer"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account.Name, Namespace: ns}},
	}, metav1.CreateOptions{}))(t)
	token := must(cluster.core.CoreV1().ServiceAccounts(ns).CreateToken(t.Context(), account.Name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{}))(t)
	return token.Status.Token
}

// TestViewersOfAllKindsSeeTheScreen has what viewers offer as protocols: the published client, noVNC with and
// without a protocol, and a page in a browser whose token is one of them.
func TestViewersOfAllKindsSeeTheScreen(t *testing.T) {
	p := startPlugin(t, "vnc-node")
	p.screen = true
	ns := newNamespace(t)
	runOn(t, ns, "demo", p.node)
	p.drain()
	token := viewerToken(t, ns)
	browser := "base64url.bearer.authorization.k8s.io." + base64.RawURLEncoding.EncodeToString([]byte(token))
	path := pathOf("subresources.kubevirt.io", ns, "virtualmachineinstances", "demo") + "/vnc"
	for server, login := range map[string]*rest.Config{"virt-apiserver": cluster.direct, "kube-apiserver": cluster.admin} {
		nobody := rest.AnonymousClientConfig(login)
		for _, c := range []struct {
			what      string
			login     *rest.Config
			header    http.Header
			protocols []string
			chosen    string
		}{
			{"the published client", login, nil, []string{"plain.kubevirt.io"}, "plain.kubevirt.io"},
			{"noVNC", login, nil, []string{"binary"}, "binary"},
			{"noVNC without a protocol", login, nil, nil, ""},
			{"a token in a header", nobody, http.Header{"Authorization": {"Bearer " + token}}, []string{"plain.kubevirt.io"}, "plain.kubevirt.io"},
			{"a token of a browser", nobody, http.Header{"Origin": {"https://example.com"}}, []string{browser, "plain.kubevirt.io"}, "plain.kubevirt.io"},
			{"a token of a browser with noVNC", nobody, nil, []string{"binary", browser}, "binary"},
			{"a token beside a certificate", login, nil, []string{browser, "plain.kubevirt.io"}, "plain.kubevirt.io"},
		} {
			what := c.what + " through " + server
			var conn *websocket.Conn
			eventually(t, what, func(ctx context.Context) (err error) { // rights take a moment
				conn, _, err = dialConsole(t, c.login, path, c.header, c.protocols...)
				return err
			})
			if got := conn.Subprotocol(); got != c.chosen {
				t.Errorf("%s: the server chose %q, want %q", what, got, c.chosen)
			}
			req := <-p.asked
			if offered := req.Header.Get("Sec-Websocket-Protocol"); strings.Contains(offered, "bearer") || req.Header.Get("Authorization") != "" {
				t.Errorf("%s: the node got the user's token: %s", what, offered)
			}
			if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if name, err := look(conn); err != nil || name != "guest" {
				t.Errorf("%s: sees %q, %v", what, name, err)
			}
			conn.Close()
		}
		// The right on the screen is none on its picture, nor on the serial port.
		for _, target := range []string{path + "/screenshot", strings.TrimSuffix(path, "vnc") + "console"} {
			if a := call(t, nobody, http.MethodGet, target, "", map[string]string{"Authorization": "Bearer " + token}); a.code != http.StatusForbidden {
				t.Errorf("%s through %s answered %d %s", target, server, a.code, a.body)
			}
		}
	}
}

func TestAWatchedScreenIsRefused(t *testing.T) {
	p := startPlugin(t, "watched-node")
	ns := newNamespace(t)
	runOn(t, ns, "demo", p.node)
	p.drain()
	p.refuse = true
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Active VNC connection. Request denied.","reason":"ServiceUnavailable","code":503}`)
	}
	path := pathOf("subresources.kubevirt.io", ns, "virtualmachineinstances", "demo") + "/vnc"
	expectRefusal(t, "a screen that somebody watches", call(t, cluster.admin, http.MethodGet, path+"?preserveSession=true", "", handshake), 503, "Active VNC connection. Request denied.")
	if req := <-p.asked; req.URL.RawQuery != "preserveSession=true" {
		t.Errorf("the plugin was asked %s", req.URL)
	}
	expectRefusal(t, "a screen alone and politely", call(t, cluster.admin, http.MethodGet, path+"?preserveSession=true&exclusive=true", "", handshake), 400,
		"preserveSession, exclusive: one spares those who watch, the other sends them away; give one of them")
}

// TestPortsAreForwardedByTheNode holds that virt-apiserver connects with no address of a guest, in both forms.
func TestPortsAreForwardedByTheNode(t *testing.T) {
	p := startPlugin(t, "port-node")
	ns := newNamespace(t)
	started(t, ns, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Phase, vmi.Status.NodeName = v1.Running, p.node
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{Name: "default", IP: "127.0.0.1"}}
	})
	for _, resource := range []string{"virtualmachines", "virtualmachineinstances"} {
		for tail, want := range map[string]string{"22": "22/tcp", "22/tcp": "22/tcp", "53/udp": "53/udp"} {
			what := resource + "/portforward/" + tail
			var conn *websocket.Conn
			eventually(t, what, func(ctx context.Context) (err error) { // the plugin is found after a moment
				conn, _, err = dialConsole(t, cluster.admin, pathOf("subresources.kubevirt.io", ns, resource, "demo")+"/portforward/"+tail, nil, "plain.kubevirt.io")
				return err
			})
			if req := <-p.asked; req.URL.Path != "/v1/namespaces/"+ns+"/virtualmachineinstances/demo/portforward/"+want {
				t.Errorf("%s: the plugin was asked %s", what, req.URL.Path)
			}
			if err := conn.WriteMessage(websocket.BinaryMessage, []byte("ssh")); err != nil {
				t.Error(err)
			}
			if _, message, err := conn.ReadMessage(); err != nil || string(message) != "guest: ssh" {
				t.Errorf("%s: %q, %v", what, message, err)
			}
			conn.Close()
		}
	}
	p.refuse = true
	p.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Internal error occurred: dialing VM: connection refused: nothing listens on port 23 of the guest","reason":"InternalError","code":500}`)
	}
	expectRefusal(t, "a closed port", call(t, cluster.admin, http.MethodGet, pathOf("subresources.kubevirt.io", ns, "virtualmachines", "demo")+"/portforward/23", "", handshake), 500,
		"Internal error occurred: dialing VM: connection refused: nothing listens on port 23 of the guest")
}
