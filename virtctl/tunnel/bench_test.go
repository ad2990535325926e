// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gorilla/websocket"
	"k8s.io/client-go/rest"
)

// benchmarkForward measures what one connection carries, of which the other end does talk.
func benchmarkForward(b *testing.B, talk func(*websocket.Conn, int), local func(net.Conn, int) error) {
	upgrader := websocket.Upgrader{ReadBufferSize: chunk, WriteBufferSize: chunk}
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if socket, err := upgrader.Upgrade(w, r, nil); err == nil {
			defer socket.Close()
			talk(socket, b.N)
		}
	}))
	defer web.Close()
	address, err := url.Parse(web.URL)
	if err != nil {
		b.Fatal(err)
	}
	dialer := NewDialer(&rest.Config{Host: web.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, address)
	ctx, cancel := context.WithCancel(context.Background())
	listeners, err := ListenTCP(ctx, []string{"127.0.0.1"}, 0)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- ServeTCP(ctx, listeners[0], dialer.Open, func(_ net.Addr, err error) { b.Error(err) }) }()
	conn, err := net.Dial("tcp", listeners[0].Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(chunk)
	b.ResetTimer()
	if err := local(conn, b.N); err != nil {
		b.Error(err)
	}
	b.StopTimer()
	conn.Close()
	cancel()
	<-done
}

func BenchmarkFromTheGuest(b *testing.B) {
	benchmarkForward(b, func(socket *websocket.Conn, n int) {
		block := make([]byte, chunk)
		for range n {
			if socket.WriteMessage(websocket.BinaryMessage, block) != nil {
				return
			}
		}
		_, _, _ = socket.ReadMessage()
	}, func(conn net.Conn, n int) error {
		_, err := io.CopyN(io.Discard, conn, int64(n)*chunk)
		return err
	})
}

func BenchmarkToTheGuest(b *testing.B) {
	benchmarkForward(b, func(socket *websocket.Conn, n int) {
		for left := int64(n) * chunk; left > 0; {
			_, message, err := socket.NextReader()
			if err != nil {
				return
			}
			k, err := io.Copy(io.Discard, message)
			if err != nil {
				return
			}
			left -= k
		}
		_ = socket.WriteMessage(websocket.BinaryMessage, []byte{1})
		_, _, _ = socket.ReadMessage()
	}, func(conn net.Conn, n int) error {
		block := make([]byte, chunk)
		for range n {
			if _, err := conn.Write(block); err != nil {
				return err
			}
		}
		_, err := conn.Read(block[:1])
		return err
	})
}
