// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// ownAddress returns an address of this machine that a guest could have: connections to it never leave the machine.
func ownAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback, to which no port is forwarded")
	return ""
}

// forwarding serves the port of a guest at address as tail says.
func forwarding(t *testing.T, address, tail string) (*httptest.Server, chan error) {
	t.Helper()
	vmi := up(func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{IP: address}}
	})
	refused := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		parts := append([]string{"virtualmachineinstances", "demo", "portforward"}, strings.Split(tail, "/")...)
		req = req.WithContext(request.WithRequestInfo(req.Context(), &request.RequestInfo{Parts: parts, Subresource: "portforward"}))
		handler, err := (&Instances{}).PortForward(req, vmi)
		if err != nil {
			refused <- err
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		handler.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	return server, refused
}

func TestAPortOfTheGuestIsReached(t *testing.T) {
	address := ownAddress(t)
	guest, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	go func() {
		conn, err := guest.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.Copy(conn, io.LimitReader(conn, 5))
	}()
	port := strconv.Itoa(guest.Addr().(*net.TCPAddr).Port)
	server, _ := forwarding(t, address, port)
	client, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := client.ReadMessage(); err != nil || string(message) != "hello" {
		t.Errorf("got %q, %v", message, err)
	}

	// A port that refuses is an ordinary answer.
	guest.Close()
	server, refused := forwarding(t, address, port+"/tcp")
	if _, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil); err == nil || resp == nil || resp.StatusCode != 500 {
		t.Errorf("handshake with a closed port: %v", err)
	}
	if err := <-refused; !apierrors.IsInternalError(err) || !strings.HasPrefix(err.Error(), "Internal error occurred: dialing VM: ") {
		t.Errorf("closed port: %v", err)
	}
}
