// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

func TestConsoleToWatchOnly(t *testing.T) {
	asked, received := make(chan string, 1), make(chan string, 1)
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Query().Get("readOnly")
		guest(t, func(conn *websocket.Conn) {
			say(conn, "login: ")
			_, keys, err := conn.ReadMessage()
			received <- fmt.Sprintf("%q, normal close: %t", keys, websocket.IsCloseError(err, websocket.CloseNormalClosure))
		})(w, r)
	}})
	for _, leave := range []string{"\x1d", "\x03"} {
		keyboard, tty := terminal(t)
		before := settings(t, tty)
		v := startConsole(t, cluster.kubeconfig(t), tty, "--read-only")
		v.notices.await(t, "nothing can be typed")
		v.out.await(t, "login: ")
		press(t, keyboard, "rm -rf /\r")
		press(t, keyboard, leave)
		v.exits(t, 0)
		if got := <-asked; got != "true" {
			t.Errorf("the server was asked for readOnly=%s", got)
		}
		if got := <-received; got != `"", normal close: true` {
			t.Errorf("the guest got %s", got)
		}
		if !reflect.DeepEqual(settings(t, tty), before) {
			t.Error("the terminal was not restored")
		}
	}
}

// TestConsoleGoesOnAtItsPosition has a server that knows positions: nothing is left out or comes twice, though more
// than what servers repeat was put out meanwhile, and it looks just like what came before.
func TestConsoleGoesOnAtItsPosition(t *testing.T) {
	const same = "0123456789abcdef"
	long := strings.Repeat(same, 20000)
	var connections atomic.Int32
	positions := make(chan string, 3)
	at := func(w http.ResponseWriter, r *http.Request, position string, talk func(*websocket.Conn)) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"plain.kubevirt.io"}}
		conn, err := upgrader.Upgrade(w, r, http.Header{"Virtplane-Console-Position": {position}})
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		defer conn.Close()
		talk(conn)
	}
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: func(w http.ResponseWriter, r *http.Request) {
		positions <- fmt.Sprint(r.URL.Query()["position"])
		switch connections.Add(1) {
		case 1:
			at(w, r, "run-1:1000", func(conn *websocket.Conn) { say(conn, strings.Repeat(same, 100)) })
		case 2:
			at(w, r, "run-1:2600", func(conn *websocket.Conn) {
				say(conn, long)
				conn.WriteMessage(websocket.TextMessage, []byte("skipped 500"))
				say(conn, "after the gap\r\n")
			})
		case 3: // another run of the guest, of which nothing was seen
			at(w, r, "run-2:0", func(conn *websocket.Conn) {
				say(conn, "after the gap\r\n")
				conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
			})
		}
	}})
	in, keys := io.Pipe()
	defer keys.Close()
	v := startConsole(t, cluster.kubeconfig(t), in)
	v.exits(t, 0)
	if got, want := v.out.String(), strings.Repeat(same, 100)+long+"after the gap\r\nafter the gap\r\n"; got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
	for _, want := range []string{"[]", "[run-1:2600]", fmt.Sprintf("[run-1:%d]", 2600+len(long)+500+len("after the gap\r\n"))} {
		if got := <-positions; got != want {
			t.Errorf("position %s, want %s", got, want)
		}
	}
	if !strings.Contains(v.notices.String(), "[500 bytes of output skipped]") {
		t.Errorf("notices %q", v.notices)
	}
}
