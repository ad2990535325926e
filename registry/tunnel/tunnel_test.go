// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// patience is how long the tests wait for what happens within milliseconds on an idle machine.
const patience = 30 * time.Second

// open connects a client through Serve with a guest that listens at address.
func open(t *testing.T, network, address string, pace Pace) *websocket.Conn {
	t.Helper()
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer close(ended)
		guest, err := net.Dial(network, address)
		if err != nil {
			t.Error(err)
			return
		}
		Serve(w, req, guest, pace)
	}))
	dialer := websocket.Dialer{Subprotocols: []string{"plain.kubevirt.io"}, HandshakeTimeout: patience}
	client, _, err := dialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if client.Subprotocol() != "plain.kubevirt.io" {
		t.Errorf("the server chose protocol %q", client.Subprotocol())
	}
	if err := client.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("the tunnel outlives its client")
		}
		server.Close()
	})
	return client
}

// listen runs guest for the first connection.
func listen(t *testing.T, guest func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		guest(conn)
	}()
	return listener.Addr().String()
}

func TestBytesGoBothWaysUntilTheGuestEnds(t *testing.T) {
	client := open(t, "tcp", listen(t, func(conn net.Conn) {
		greeting := make([]byte, 5)
		if _, err := io.ReadFull(conn, greeting); err == nil {
			_, _ = conn.Write(append([]byte("guest: "), greeting...))
		}
	}), Published)
	// Text means nothing in this protocol.
	if err := client.WriteMessage(websocket.TextMessage, []byte("resize")); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"he", "llo"} {
		if err := client.WriteMessage(websocket.BinaryMessage, []byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	var got []byte
	for {
		kind, message, err := client.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Errorf("the end came as %v, want a normal closure", err)
			}
			break
		}
		if kind != websocket.BinaryMessage {
			t.Errorf("message of kind %d", kind)
		}
		got = append(got, message...)
	}
	if string(got) != "guest: hello" {
		t.Errorf("got %q", got)
	}
}

func TestTheGuestHearsThatTheClientHasGone(t *testing.T) {
	gone := make(chan error, 1)
	client := open(t, "tcp", listen(t, func(conn net.Conn) {
		_, err := conn.Read(make([]byte, 1))
		gone <- err
	}), Published)
	client.Close()
	select {
	case err := <-gone:
		if err == nil {
			t.Error("the guest got a byte from nowhere")
		}
	case <-time.After(patience):
		t.Error("the guest's connection stays open")
	}
}

func TestASilentClientCountsAsGone(t *testing.T) {
	gone := make(chan error, 1)
	client := open(t, "tcp", listen(t, func(conn net.Conn) {
		_, err := conn.Read(make([]byte, 1))
		gone <- err
	}), Pace{Ping: 5 * time.Millisecond, Pong: 50 * time.Millisecond})
	defer client.Close()
	// It does not read, so it does not answer pings.
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("the guest's connection stays open")
	}
}

func TestAClientThatAnswersPingsStays(t *testing.T) {
	client := open(t, "tcp", listen(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }), Pace{Ping: 5 * time.Millisecond, Pong: 100 * time.Millisecond})
	pings, answer := 0, client.PingHandler()
	enough := errors.New("enough")
	client.SetPingHandler(func(data string) error {
		if pings++; pings > 60 { // three times the time that a silent client has
			return enough
		}
		return answer(data)
	})
	if _, _, err := client.ReadMessage(); err != enough {
		t.Errorf("the connection ended after %d pings: %v", pings, err)
	}
}

func TestAMessageIsADatagram(t *testing.T) {
	guest, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	go func() {
		buffer := make([]byte, maxDatagram)
		for {
			n, from, err := guest.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			_, _ = guest.WriteToUDP(buffer[:n], from)
		}
	}()
	client := open(t, "udp", guest.LocalAddr().String(), Published)
	for _, sent := range []string{"one", strings.Repeat("x", 2000), ""} {
		if err := client.WriteMessage(websocket.BinaryMessage, []byte(sent)); err != nil {
			t.Fatal(err)
		}
		_, got, err := client.ReadMessage()
		if err != nil || string(got) != sent {
			t.Errorf("sent %d bytes, got %d, %v", len(sent), len(got), err)
		}
	}
}
