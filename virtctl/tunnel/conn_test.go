// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"k8s.io/client-go/rest"
)

// patience is how long the tests wait for what happens within milliseconds on an idle machine.
const patience = 30 * time.Second

// server runs talk for every websocket, and counts them.
type server struct {
	dialer Dialer
	open   Open
	count  atomic.Int32
}

func serveSockets(t *testing.T, talk func(*websocket.Conn)) *server {
	t.Helper()
	s := &server{}
	upgrader := websocket.Upgrader{Subprotocols: []string{subprotocol}}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.count.Add(1)
		socket, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		defer socket.Close()
		talk(socket)
	}))
	t.Cleanup(web.Close)
	address, err := url.Parse(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.dialer = NewDialer(&rest.Config{Host: web.URL}, address)
	s.open = s.dialer.Open
	return s
}

// echo repeats every message until the client goes.
func echo(socket *websocket.Conn) {
	for {
		kind, message, err := socket.ReadMessage()
		if err != nil || socket.WriteMessage(kind, message) != nil {
			return
		}
	}
}

func say(socket *websocket.Conn, text string) {
	_ = socket.WriteMessage(websocket.BinaryMessage, []byte(text))
}

func farewell(socket *websocket.Conn, code int, text string) {
	_ = socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(patience))
}

// dial opens a stream that goes with the test.
func dial(t *testing.T, s *server) *Conn {
	t.Helper()
	conn, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// dialPinging is dial with another pause between pings.
func dialPinging(t *testing.T, s *server, ping time.Duration) *Conn {
	t.Helper()
	socket, err := s.dialer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn := newConn(socket, ping)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// within fails the test unless a result comes in time.
func within[T any](t *testing.T, results <-chan T, what string) T {
	t.Helper()
	select {
	case result := <-results:
		return result
	case <-time.After(patience):
		t.Fatalf("%s: nothing within %s", what, patience)
		panic("unreachable")
	}
}

func TestAStreamIsTheBytesOfBinaryMessages(t *testing.T) {
	s := serveSockets(t, func(socket *websocket.Conn) {
		say(socket, "one ")
		_ = socket.WriteMessage(websocket.TextMessage, []byte("means nothing"))
		say(socket, "")
		say(socket, "two")
		farewell(socket, websocket.CloseNormalClosure, "")
	})
	got, err := io.ReadAll(dial(t, s))
	if err != nil || string(got) != "one two" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestTheReasonOfAnEndIsTold(t *testing.T) {
	for want, end := range map[string]func(*websocket.Conn){
		"the server closed the connection: somebody else wants the screen alone": func(socket *websocket.Conn) {
			farewell(socket, websocket.CloseNormalClosure, "somebody else wants the screen alone")
		},
		"the server closed the connection: websocket: close 1001 (going away)": func(socket *websocket.Conn) {
			farewell(socket, websocket.CloseGoingAway, "")
		},
		"the connection broke: websocket: close 1006 (abnormal closure): unexpected EOF": func(*websocket.Conn) {},
	} {
		_, err := io.ReadAll(dial(t, serveSockets(t, end)))
		if err == nil || err.Error() != want {
			t.Errorf("the end is %v, want %s", err, want)
		}
	}
}

func TestAServerThatStopsAnsweringPingsIsGone(t *testing.T) {
	hang := make(chan struct{})
	s := serveSockets(t, func(socket *websocket.Conn) {
		// One read answers the first pings and ends with the first message; then nobody reads.
		_, _, _ = socket.ReadMessage()
		<-hang
	})
	defer close(hang)
	conn := dialPinging(t, s, 10*time.Millisecond)
	ended := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		ended <- err
	}()
	for !conn.answered.Load() {
		time.Sleep(time.Millisecond) // nothing tells of it but the flag
	}
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := within(t, ended, "the end of a silent server"); err == nil {
		t.Error("a byte came from nowhere")
	}
}

// A reader that is stuck does not answer pings; a server gives up on clients that do not.
func TestAStuckReaderStaysConnected(t *testing.T) {
	const pings = 20
	alive := make(chan struct{}, pings)
	s := serveSockets(t, func(socket *websocket.Conn) {
		socket.SetPongHandler(func(string) error {
			select {
			case alive <- struct{}{}:
			default:
			}
			return nil
		})
		_, _, _ = socket.ReadMessage()
	})
	dialPinging(t, s, 5*time.Millisecond)
	// Nothing is read on this side.
	for range pings {
		within(t, alive, "a sign of life")
	}
}

func TestCloseSaysGoodbye(t *testing.T) {
	ended := make(chan error, 1)
	s := serveSockets(t, func(socket *websocket.Conn) {
		_, _, err := socket.ReadMessage()
		ended <- err
	})
	conn := dial(t, s)
	conn.Close()
	conn.Close()
	if err := within(t, ended, "the close"); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the server saw %v, want a normal close", err)
	}
	if _, err := conn.Write([]byte("x")); err == nil {
		t.Error("a closed connection takes more")
	}
}

func TestARefusalIsTheServers(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such port", http.StatusTeapot)
	}))
	defer web.Close()
	address, _ := url.Parse(web.URL)
	_, err := NewDialer(&rest.Config{Host: web.URL}, address).Open(context.Background())
	if err == nil || !strings.Contains(err.Error(), "no such port") {
		t.Errorf("the refusal is %v", err)
	}
}
