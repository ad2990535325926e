// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/nodeplugin/console"
)

const (
	patience = 10 * time.Second
	interval = 20 * time.Millisecond
)

// serve attaches a viewer, and returns its end and what attach returned.
func serve(t *testing.T, p pace) (*websocket.Conn, *console.Hub, <-chan error) {
	t.Helper()
	hub := console.NewHub(&console.Log{}, klog.Background())
	t.Cleanup(hub.End)
	result := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		viewer, err := hub.View()
		if err != nil {
			t.Error(err)
			return
		}
		defer viewer.Close()
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		result <- attach(t.Context(), conn, viewer, wish{}, p)
	}))
	t.Cleanup(server.Close)
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, hub, result
}

// TestSilentViewerIsLetGo has one that never answers a ping, like a machine that lost its power.
func TestSilentViewerIsLetGo(t *testing.T) {
	_, hub, result := serve(t, pace{ping: interval, pong: 3 * interval})
	select {
	case err := <-result:
		if err == nil || !strings.Contains(err.Error(), "timeout") {
			t.Fatalf("ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("stays")
	}
	for deadline := time.Now().Add(patience); hub.Viewers() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the console still has the viewer")
		}
	}
}

// TestIdleViewerStays has one that answers pings for much longer than one may be silent.
func TestIdleViewerStays(t *testing.T) {
	conn, hub, result := serve(t, pace{ping: interval, pong: 10 * interval})
	pings := make(chan struct{}, 100)
	answer := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		pings <- struct{}{}
		return answer(data)
	})
	closed := make(chan error, 1)
	go func() {
		_, _, err := conn.ReadMessage()
		closed <- err
	}()
	for range 30 {
		select {
		case <-pings:
		case err := <-result:
			t.Fatalf("let go: %v", err)
		case <-time.After(patience):
			t.Fatal("no ping")
		}
	}
	hub.End()
	if err := <-closed; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Fatalf("the end is %v", err)
	}
}

func TestHugeMessageEndsTheViewer(t *testing.T) {
	conn, _, result := serve(t, calm)
	conn.WriteMessage(websocket.TextMessage, make([]byte, maxMessage+1))
	select {
	case err := <-result:
		if err == nil || !strings.Contains(err.Error(), "limit") {
			t.Fatalf("ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("stays")
	}
}
