// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// forwarding serves the port of the guest of vmi that tail names through a plugin at base.
func forwarding(t *testing.T, base *url.URL, vmi *v1.VirtualMachineInstance, tail string) (address string, refused chan error) {
	t.Helper()
	refused = make(chan error, 1)
	i := &Instances{hop: hop{plugin{url: base}}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		parts := append([]string{"virtualmachineinstances", "demo", "portforward"}, strings.Split(tail, "/")...)
		req = req.WithContext(request.WithRequestInfo(req.Context(), &request.RequestInfo{Parts: parts, Subresource: "portforward"}))
		handler, err := i.PortForward(req, vmi)
		if err != nil {
			refused <- err
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		handler.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http"), refused
}

// TestThePluginOfTheNodeForwards holds that this server dials no address of a guest, whatever the guest
// says that its address is.
func TestThePluginOfTheNodeForwards(t *testing.T) {
	asked := make(chan *http.Request, 1)
	upgrader := websocket.Upgrader{}
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked <- req
		conn, err := upgrader.Upgrade(w, req, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		kind, message, err := conn.ReadMessage()
		if err == nil {
			err = conn.WriteMessage(kind, append([]byte("guest: "), message...))
		}
		if err != nil {
			t.Error(err)
		}
	}))
	defer node.Close()
	base, err := url.Parse(node.URL)
	if err != nil {
		t.Fatal(err)
	}
	vmi := up(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName = "node1"
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{IP: "169.254.169.254"}}
	})
	for tail, want := range map[string]string{"22": "22/tcp", "22/tcp": "22/tcp", "053/udp": "53/udp"} {
		address, _ := forwarding(t, base, vmi, tail)
		client, _, err := websocket.DefaultDialer.Dial(address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := (<-asked).URL.RequestURI(), "/v1/namespaces/default/virtualmachineinstances/demo/portforward/"+want; got != want {
			t.Errorf("%s: the plugin was asked %s, want %s", tail, got, want)
		}
		if err := client.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, message, err := client.ReadMessage(); err != nil || string(message) != "guest: hello" {
			t.Errorf("got %q, %v", message, err)
		}
		client.Close()
	}
}

func TestWhatForwardingNeeds(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	wired := func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{Name: "default"}}
	}
	for _, c := range []struct {
		vmi  *v1.VirtualMachineInstance
		tail string
		want string
		kind func(error) bool
	}{
		{up(wired, with("Paused")), "22", prefix + "VMI is paused", apierrors.IsConflict},
		{up(wired), "ssh", `portforward/ssh: "ssh" is no port; give a number from 1 to 65535`, apierrors.IsBadRequest},
		{up(), "22", "no network interfaces are present", apierrors.IsBadRequest},
		{stored(), "22", "no network interfaces are present", apierrors.IsBadRequest},
	} {
		address, refused := forwarding(t, base, c.vmi, c.tail)
		if _, resp, err := websocket.DefaultDialer.Dial(address, nil); err == nil || resp == nil {
			t.Errorf("%s: no refusal: %v", c.want, err)
		}
		if err := <-refused; err.Error() != c.want || !c.kind(err) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	i := &Instances{hop: hop{plugin{err: errors.New("not called")}}}
	ending := up(wired)
	ending.Status.Phase = v1.Failed
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req = req.WithContext(request.WithRequestInfo(req.Context(), &request.RequestInfo{Parts: []string{"virtualmachineinstances", "demo", "portforward", "22"}}))
	_, err := i.PortForward(req, ending)
	if want := "Unable to connect to VirtualMachineInstance because phase is Failed instead of Running or Scheduled"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTokensOfBrowsersStayHere(t *testing.T) {
	for offered, want := range map[string]string{
		"":                       "",
		"binary":                 "binary",
		"plain.kubevirt.io, foo": "plain.kubevirt.io, foo",
		"base64url.bearer.authorization.k8s.io.c2VjcmV0, plain.kubevirt.io": "plain.kubevirt.io",
		"binary,base64url.bearer.authorization.k8s.io.c2VjcmV0":             "binary",
		"base64url.bearer.authorization.k8s.io.c2VjcmV0":                    "",
	} {
		header := http.Header{}
		if offered != "" {
			header.Set("Sec-Websocket-Protocol", offered)
		}
		if withoutTokens(header); header.Get("Sec-Websocket-Protocol") != want {
			t.Errorf("%s: the node is offered %q, want %q", offered, header.Get("Sec-Websocket-Protocol"), want)
		}
	}
}
