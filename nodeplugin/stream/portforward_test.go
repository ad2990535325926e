// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/virtplane/virtplane/nodeplugin/domain"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

// dialFunc is a guest's network.
type dialFunc func(protocol string, port uint16) (net.Conn, error)

func (f dialFunc) Dial(_ context.Context, protocol string, port uint16) (net.Conn, error) {
	return f(protocol, port)
}

// gateway forwards the ports of a guest.
func gateway(t *testing.T, guest dialFunc) func(path string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	s := &Server{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /portforward/{port}/{protocol}", func(w http.ResponseWriter, r *http.Request) {
		s.forward(w, r, volume.Volume{ID: "csi-1", Namespace: "tenant", Instance: "demo"}, guest)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return func(path string) (*websocket.Conn, *http.Response, error) {
		conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/portforward/"+path, nil)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			err = conn.SetReadDeadline(time.Now().Add(patience))
		}
		return conn, answer, err
	}
}

func TestAPortIsForwarded(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	const total = 20 << 20
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if n, err := io.Copy(io.Discard, io.LimitReader(conn, total)); err == nil && n == total {
			_, _ = conn.Write(make([]byte, total))
		}
	}()
	forward := gateway(t, func(protocol string, port uint16) (net.Conn, error) {
		if protocol != "tcp" || port != 22 {
			t.Errorf("dialled %s %d", protocol, port)
		}
		return net.Dial("tcp", listener.Addr().String())
	})
	conn, _, err := forward("22/tcp")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for range total / (1 << 20) {
			_ = conn.WriteMessage(websocket.BinaryMessage, make([]byte, 1<<20))
		}
	}()
	got := 0
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			expectClose(t, err, websocket.CloseNormalClosure, "")
			break
		}
		got += len(message)
	}
	if got != total {
		t.Errorf("got %d bytes of %d", got, total)
	}
}

func TestWhyAPortIsNotForwarded(t *testing.T) {
	for _, c := range []struct {
		path    string
		err     error
		code    int
		message string
	}{
		{"22/tcp", domain.ErrNotConnected, 503, "the launcher is not connected"},
		{"22/tcp", domain.ErrNoNetwork, 400, "no network interfaces are present"},
		{"22/tcp", errors.New("connection refused: nothing listens on port 22 of the guest"), 500,
			"Internal error occurred: dialing VM: connection refused: nothing listens on port 22 of the guest"},
		{"0/tcp", nil, 400, "portforward/0/tcp: use a port from 1 to 65535, and tcp or udp"},
		{"65536/udp", nil, 400, "portforward/65536/udp: use a port from 1 to 65535, and tcp or udp"},
		{"22/sctp", nil, 400, "portforward/22/sctp: use a port from 1 to 65535, and tcp or udp"},
	} {
		forward := gateway(t, func(string, uint16) (net.Conn, error) { return nil, c.err })
		_, answer, err := forward(c.path)
		if err == nil {
			t.Errorf("%s was forwarded", c.path)
			continue
		}
		expectStatus(t, answer, c.code, c.message)
	}
}

func TestForwardedConnectionsAreLimited(t *testing.T) {
	f := &forwards{}
	for range maxForwards {
		if !f.add("csi-1") {
			t.Fatal("refused too early")
		}
	}
	if f.add("csi-1") {
		t.Error("one too many")
	}
	if !f.add("csi-2") {
		t.Error("another guest's are counted")
	}
	f.remove("csi-1")
	if !f.add("csi-1") {
		t.Error("a closed one still counts")
	}
	for range maxForwards {
		f.remove("csi-1")
	}
	f.remove("csi-2")
	if len(f.open) != 0 {
		t.Errorf("%v stays", f.open)
	}
}
