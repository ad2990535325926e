// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

func TestConsoleConnectsAgainAndRepeatsNothing(t *testing.T) {
	var connections atomic.Int32
	line := func(i int) string { return fmt.Sprintf("line %04d of the guest's output\r\n", i) }
	lines := func(from, to int) string {
		s := ""
		for i := from; i <= to; i++ {
			s += line(i)
		}
		return s
	}
	received := make(chan string, 10)
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: func(w http.ResponseWriter, r *http.Request) {
		switch connections.Add(1) {
		case 1:
			guest(t, func(conn *websocket.Conn) {
				say(conn, lines(1, 50))
				conn.ReadMessage() // "break", after which the connection goes without a word
			})(w, r)
		case 2:
			http.Error(w, "error trying to reach service: connection refused", http.StatusServiceUnavailable)
		case 3:
			guest(t, func(conn *websocket.Conn) {
				say(conn, lines(1, 60)) // the server repeats its last output
				say(conn, line(61))
				_, keys, _ := conn.ReadMessage()
				received <- string(keys)
				conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
			})(w, r)
		}
	}})
	keyboard, tty := terminal(t)
	before := settings(t, tty)
	v := startConsole(t, cluster.kubeconfig(t), tty)
	v.out.await(t, line(50))
	press(t, keyboard, "break")
	v.notices.await(t, "Connecting again")
	press(t, keyboard, "typed meanwhile")
	v.exits(t, 0)
	if got, want := v.out.String(), lines(1, 61); got != want {
		t.Errorf("output:\n%s\nwant:\n%s", got, want)
	}
	if got := <-received; got != "typed meanwhile" {
		t.Errorf("the guest got %q", got)
	}
	for _, want := range []string{"\r\nConnected again.\r\n", "The console of demo has ended."} {
		if !strings.Contains(v.notices.String(), want) {
			t.Errorf("no %q in %q", want, v.notices)
		}
	}
	if !reflect.DeepEqual(settings(t, tty), before) {
		t.Error("the terminal was not restored")
	}
}

func TestConsoleLeavesWhileItConnectsAgain(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	var connections atomic.Int32
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: func(w http.ResponseWriter, r *http.Request) {
		if connections.Add(1) == 1 {
			guest(t, func(*websocket.Conn) {})(w, r)
			return
		}
		close(asked)
		<-release // a server that does not answer
	}})
	defer close(release)
	keyboard, tty := terminal(t)
	before := settings(t, tty)
	v := startConsole(t, cluster.kubeconfig(t), tty)
	v.notices.await(t, "Connecting again")
	<-asked
	press(t, keyboard, "\x1d")
	v.exits(t, 0)
	if !reflect.DeepEqual(settings(t, tty), before) {
		t.Error("the terminal was not restored")
	}
}

func TestConsoleGivesUpWhenItIsThrownOutAgainAndAgain(t *testing.T) {
	var connections atomic.Int32
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: func(w http.ResponseWriter, r *http.Request) {
		connections.Add(1)
		guest(t, func(*websocket.Conn) {})(w, r)
	}})
	got := cluster.run(t, "console", "demo")
	if got.code != 1 || !strings.Contains(got.errOut, "another client may hold the console") || connections.Load() != 3 {
		t.Errorf("%+v after %d connections", got, connections.Load())
	}
}

func TestConsoleInAScript(t *testing.T) {
	end := make(chan struct{})
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: guest(t, func(conn *websocket.Conn) {
		_, keys, _ := conn.ReadMessage()
		say(conn, "got "+string(keys))
		<-end
		say(conn, "Power down")
		conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	})})
	v := startConsole(t, cluster.kubeconfig(t), strings.NewReader("poweroff\n"))
	// The end of the input has come by now, and the output goes on.
	v.out.await(t, "got poweroff\n")
	close(end)
	v.exits(t, 0)
	if got, want := v.out.String(), "got poweroff\nPower down"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
}

func TestConsoleThroughAProxy(t *testing.T) {
	closed := make(chan error, 1)
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: guest(t, echo(closed))})
	var connected atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "CONNECT only", http.StatusMethodNotAllowed)
			return
		}
		connected.Store(r.Host)
		server, err := net.Dial("tcp", r.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer server.Close()
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer client.Close()
		io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(server, client)
		io.Copy(client, server)
	}))
	defer proxy.Close()
	in, keys := io.Pipe()
	defer keys.Close()
	v := startConsole(t, cluster.kubeconfig(t, "proxy-url: "+proxy.URL), in)
	v.out.await(t, "login: ")
	press(t, keys, "\x1d")
	v.exits(t, 0)
	if got := connected.Load(); got != strings.TrimPrefix(cluster.URL, "https://") {
		t.Errorf("the proxy connected to %v", got)
	}
}
