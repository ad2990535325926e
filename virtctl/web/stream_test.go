// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const demoConsole = "/api/stream/console/lab/demo"

func TestStreamCarriesBytesBothWays(t *testing.T) {
	var protocols atomic.Value
	serve := guest(t, func(conn *websocket.Conn) {
		conn.WriteMessage(websocket.TextMessage, []byte("not for pages"))
		conn.WriteMessage(websocket.BinaryMessage, []byte("login: \x00\xff"))
		for {
			kind, keys, err := conn.ReadMessage()
			if err != nil {
				return
			}
			conn.WriteMessage(kind, append([]byte("got "), keys...))
		}
	})
	c := newCluster(t, map[string]http.HandlerFunc{consolePath: func(w http.ResponseWriter, r *http.Request) {
		protocols.Store(websocket.Subprotocols(r))
		serve(w, r)
	}})
	s := newSite(t, c, Options{View: Console, Name: "demo", Parameters: url.Values{"readOnly": {"true"}}})
	conn, answer := s.socket(t, demoConsole)
	if conn == nil {
		t.Fatalf("%+v", answer)
	}
	if got := conn.Subprotocol(); got != streamProtocol {
		t.Errorf("protocol %q: a key must not be repeated", got)
	}
	if o := opened(t, conn); !o.Open {
		t.Fatalf("%+v", o)
	}
	conn.WriteMessage(websocket.TextMessage, []byte(`{"shown":1}`))
	conn.WriteMessage(websocket.TextMessage, []byte(`nonsense`))
	conn.WriteMessage(websocket.BinaryMessage, []byte("root\r\x00\xff"))
	for _, want := range []string{"login: \x00\xff", "got root\r\x00\xff"} {
		if kind, got, err := conn.ReadMessage(); err != nil || kind != websocket.BinaryMessage || string(got) != want {
			t.Errorf("%d %q %v, want %q", kind, got, err, want)
		}
	}
	if got := protocols.Load().([]string); !slices.Equal(got, []string{"plain.kubevirt.io"}) {
		t.Errorf("the cluster was offered %q", got)
	}
	if got := c.requests(); len(got) != 1 || !strings.HasSuffix(got[0], "/console?position=&readOnly=true") {
		t.Errorf("asked %q", got)
	}
}

func TestConsoleGoesOnWhereItWas(t *testing.T) {
	c := newCluster(t, map[string]http.HandlerFunc{consolePath: func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"plain.kubevirt.io"}}
		conn, err := upgrader.Upgrade(w, r, http.Header{v1.ConsolePositionHeader: {"run-1:70"}})
		if err != nil {
			t.Error(err)
			return
		}
		conn.WriteMessage(websocket.TextMessage, []byte("skipped 30"))
		conn.WriteMessage(websocket.BinaryMessage, []byte("on"))
	}})
	s := newSite(t, c, Options{View: Console, Name: "demo"})
	conn, _ := s.socket(t, demoConsole+"?position=run-1:40&readOnly=false&other=1")
	if o := opened(t, conn); o.Position != "run-1:70" {
		t.Errorf("%+v", o)
	}
	kind, message, err := conn.ReadMessage()
	var told skipped
	if err != nil || kind != websocket.TextMessage || json.Unmarshal(message, &told) != nil || told.Skipped != 30 {
		t.Errorf("%d %q %v", kind, message, err)
	}
	if kind, message, err := conn.ReadMessage(); err != nil || kind != websocket.BinaryMessage || string(message) != "on" {
		t.Errorf("%d %q %v", kind, message, err)
	}
	if got := c.requests(); len(got) != 1 || !strings.HasSuffix(got[0], "/console?position=run-1%3A40") {
		t.Errorf("asked %q", got)
	}
}

func TestStreamRefusedInTheClustersWords(t *testing.T) {
	for _, a := range []struct {
		name    string
		answer  http.HandlerFunc
		code    int
		message string
	}{
		{"a Status", refusing(403, "Forbidden", `User "jane" cannot get resource "virtualmachineinstances/console"`), 403,
			`User "jane" cannot get resource "virtualmachineinstances/console"`},
		{"a long one", refusing(400, "BadRequest", strings.Repeat("why ", 200)), 400, strings.Repeat("why ", 200)},
		{"text", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no route to node", http.StatusBadGateway) }, 502, "no route to node"},
		{"no websocket", answer("hello"), 502, "bad handshake"},
	} {
		s := newSite(t, newCluster(t, map[string]http.HandlerFunc{consolePath: a.answer}), Options{View: Console, Name: "demo"})
		conn, _ := s.socket(t, demoConsole)
		o := opened(t, conn)
		if o.Open || o.Error == nil || o.Error.Code != a.code || !strings.Contains(o.Error.Message, a.message) {
			t.Errorf("%s: %+v", a.name, o.Error)
		}
		if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("%s: then %v", a.name, err)
		}
	}
}

func TestStreamTellsHowItEnds(t *testing.T) {
	long := strings.Repeat("ä", 61) // as long as a reason may be
	for _, a := range []struct {
		name   string
		end    func(*websocket.Conn)
		code   int
		reason string
	}{
		{"the guest has ended", func(c *websocket.Conn) { say(c, websocket.CloseNormalClosure, "") }, websocket.CloseNormalClosure, ""},
		{"thrown out", func(c *websocket.Conn) { say(c, websocket.ClosePolicyViolation, "another has it alone") }, websocket.ClosePolicyViolation, "another has it alone"},
		{"the node says why", func(c *websocket.Conn) { say(c, websocket.CloseInternalServerErr, long) }, closeBroken, long},
		{"broken", func(c *websocket.Conn) { c.NetConn().Close() }, closeBroken, "broke"},
	} {
		c := newCluster(t, map[string]http.HandlerFunc{consolePath: guest(t, a.end)})
		s := newSite(t, c, Options{View: Console, Name: "demo"})
		conn, _ := s.socket(t, demoConsole)
		opened(t, conn)
		_, _, err := conn.ReadMessage()
		closed, ok := err.(*websocket.CloseError)
		if !ok || closed.Code != a.code || !strings.Contains(closed.Text, a.reason) {
			t.Errorf("%s: %v", a.name, err)
		}
	}
}

func TestStreamTellsThatVirtctlEnds(t *testing.T) {
	ended := make(chan error, 1)
	c := newCluster(t, map[string]http.HandlerFunc{vncPath: guest(t, func(conn *websocket.Conn) {
		_, _, err := conn.ReadMessage()
		ended <- err
	})})
	s := newSite(t, c, Options{View: VNC, Name: "demo"})
	conn, _ := s.socket(t, "/api/stream/vnc/lab/demo")
	opened(t, conn)
	s.stop()
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the page heard %v", err)
	}
	if err := <-ended; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the cluster heard %v", err)
	}
}

func TestStreamEndsWithItsPage(t *testing.T) {
	ended := make(chan error, 1)
	c := newCluster(t, map[string]http.HandlerFunc{consolePath: guest(t, func(conn *websocket.Conn) {
		_, _, err := conn.ReadMessage()
		ended <- err
	})})
	s := newSite(t, c, Options{View: Console, Name: "demo"})
	conn, _ := s.socket(t, demoConsole)
	opened(t, conn)
	conn.Close()
	select {
	case err := <-ended:
		if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("the cluster heard %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the stream in the cluster outlives its page")
	}
}

// TestStreamWaitsForItsPage has a guest print without end and a page that takes everything and says nothing.
func TestStreamWaitsForItsPage(t *testing.T) {
	const chunk = 64 << 10
	c := newCluster(t, map[string]http.HandlerFunc{consolePath: guest(t, func(conn *websocket.Conn) {
		for conn.WriteMessage(websocket.BinaryMessage, make([]byte, chunk)) == nil {
		}
	})})
	s := newSite(t, c, Options{View: Console, Name: "demo"})
	conn, _ := s.socket(t, demoConsole)
	opened(t, conn)
	received := make(chan int)
	go func() {
		defer close(received)
		for {
			_, output, err := conn.ReadMessage()
			if err != nil {
				return
			}
			received <- len(output)
		}
	}()
	total := 0
	take := func(until int) (got int) {
		for {
			select {
			case n, open := <-received:
				if !open {
					t.Fatalf("the stream ended after %d bytes", total)
				}
				if total += n; total >= until {
					return total
				}
			case <-time.After(time.Second):
				return total
			}
		}
	}
	if got := take(100 * maxUnread); got < maxUnread || got > maxUnread+chunk {
		t.Errorf("a page that shows nothing has got %d bytes", got)
	}
	conn.WriteMessage(websocket.TextMessage, []byte(`{"shown":1048576}`))
	if got := take(100 * maxUnread); got < 2*maxUnread || got > 2*maxUnread+chunk {
		t.Errorf("a page that has shown a MiB has got %d bytes", got)
	}
}

func TestStreamIsDialedNoLongerThanThePageWaits(t *testing.T) {
	asked, gone := make(chan struct{}), make(chan struct{})
	c := newCluster(t, map[string]http.HandlerFunc{consolePath: func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(gone)
	}})
	s := newSite(t, c, Options{View: Console, Name: "demo"})
	page, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(page, "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%[2]s\r\nCookie: %s=%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: %s, %s\r\n\r\n",
		demoConsole, s.address, s.gate.name, s.gate.cookie, streamProtocol, keyProtocol+s.gate.key)
	<-asked
	page.Close()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the cluster is still being asked")
	}
}

func TestExclusiveIsAskedForOnce(t *testing.T) {
	c := newCluster(t, map[string]http.HandlerFunc{vncPath: guest(t, func(*websocket.Conn) {})})
	s := newSite(t, c, Options{View: VNC, Name: "demo", Parameters: url.Values{"exclusive": {"true"}}})
	for range 2 {
		conn, _ := s.socket(t, "/api/stream/vnc/lab/demo")
		opened(t, conn)
		conn.ReadMessage()
	}
	got := c.requests()
	if len(got) != 2 || !strings.HasSuffix(got[0], "/vnc?exclusive=true") || !strings.HasSuffix(got[1], "/vnc") {
		t.Errorf("asked %q", got)
	}
}
