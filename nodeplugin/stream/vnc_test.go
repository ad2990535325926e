// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/domain"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

// fakeScreen is a guest whose launcher opens what open makes.
type fakeScreen struct {
	state session.State
	open  func() (net.Conn, error)

	// mu guards asked, the arguments of all that was opened.
	mu    sync.Mutex
	asked []string
}

func (f *fakeScreen) State() session.State { return f.state }

func (f *fakeScreen) Open(_ context.Context, verb session.Verb, arguments any) (net.Conn, error) {
	raw, err := json.Marshal(arguments)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.asked = append(f.asked, string(verb)+" "+string(raw))
	f.mu.Unlock()
	return f.open()
}

// socketOf returns a connection as a launcher hands it over, whose other end serve has.
func socketOf(t *testing.T, serve func(net.Conn)) func() (net.Conn, error) {
	path := t.TempDir() + "/s"
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return func() (net.Conn, error) { return net.Dial("unix", path) }
}

func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

// theater serves the screen of one guest.
type theater struct {
	t      *testing.T
	server *httptest.Server
	plugin *Server
}

func newTheater(t *testing.T, guest *fakeScreen) *theater {
	t.Helper()
	s := &Server{pictures: make(chan struct{}, maxPictures)}
	v := volume.Volume{ID: "csi-1", Namespace: "tenant", Instance: "demo"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/screenshot") {
			s.photograph(w, r, guest)
			return
		}
		s.watch(w, r, v, guest)
	}))
	t.Cleanup(server.Close)
	return &theater{t, server, s}
}

func (h *theater) dial(query string) (*websocket.Conn, *http.Response, error) {
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http")+"/vnc"+query, nil)
	if err == nil {
		h.t.Cleanup(func() { conn.Close() })
		err = conn.SetReadDeadline(time.Now().Add(patience))
	}
	return conn, answer, err
}

// enter is dial for those who get in.
func (h *theater) enter(query string) *websocket.Conn {
	h.t.Helper()
	conn, _, err := h.dial(query)
	if err != nil {
		h.t.Fatal(err)
	}
	return conn
}

// refused is dial for those who do not.
func (h *theater) refused(query string, code int, message string) {
	h.t.Helper()
	_, answer, err := h.dial(query)
	if err == nil {
		h.t.Fatalf("got in, want %d %s", code, message)
	}
	expectStatus(h.t, answer, code, message)
}

func expectStatus(t *testing.T, answer *http.Response, code int, message string) {
	t.Helper()
	status := metav1.Status{}
	if err := json.NewDecoder(answer.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != code || int(status.Code) != code || status.Message != message {
		t.Errorf("refused with %d %s, want %d %s", answer.StatusCode, status.Message, code, message)
	}
}

// sees has a viewer say something that its screen repeats.
func sees(t *testing.T, conn *websocket.Conn) {
	t.Helper()
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte("key")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "key" {
		t.Errorf("sees %q, %v", message, err)
	}
}

// empty waits until nobody watches.
func (h *theater) empty() {
	h.t.Helper()
	// Viewers leave without a word to anybody but the plugin.
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		h.plugin.audience.mu.Lock()
		left := len(h.plugin.audience.viewers)
		h.plugin.audience.mu.Unlock()
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatal("somebody still counts as a viewer")
		}
	}
}

func TestViewersShareAScreen(t *testing.T) {
	h := newTheater(t, &fakeScreen{state: session.StateRunning, open: socketOf(t, echo)})
	first, second := h.enter(""), h.enter("?preserveSession=false")
	sees(t, first)
	sees(t, second)
	h.refused("?preserveSession=true", 503, "Active VNC connection. Request denied.")
	sees(t, first)
	alone := h.enter("?exclusive=true")
	for _, other := range []*websocket.Conn{first, second} {
		_, _, err := other.ReadMessage()
		expectClose(t, err, websocket.ClosePolicyViolation, "another viewer has asked for the screen alone")
	}
	sees(t, alone)
	alone.Close()
	h.empty()
	polite := h.enter("?preserveSession=true")
	sees(t, polite)
	sees(t, h.enter("")) // who comes later is let in
	sees(t, polite)
}

func TestAnAudienceIsLimited(t *testing.T) {
	h := newTheater(t, &fakeScreen{state: session.StatePaused, open: socketOf(t, echo)})
	var viewers []*websocket.Conn
	for range maxScreenViewers {
		viewers = append(viewers, h.enter(""))
	}
	h.refused("", 429, "the screen has 16 viewers already; try again when one has left")
	viewers[0].Close()
	// The plugin notices by itself that one has left; who was refused tries again.
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if conn, _, err := h.dial(""); err == nil {
			sees(t, conn)
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the place is not given to another")
		}
	}
}

func TestTheEndOfAScreenIsNormal(t *testing.T) {
	h := newTheater(t, &fakeScreen{state: session.StateRunning, open: socketOf(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "last") })})
	conn := h.enter("")
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "last" {
		t.Errorf("got %q, %v", message, err)
	}
	_, _, err := conn.ReadMessage()
	expectClose(t, err, websocket.CloseNormalClosure, "the guest has stopped or moves")
	h.empty()
}

func TestWhyThereIsNoScreen(t *testing.T) {
	for _, c := range []struct {
		state   session.State
		err     error
		code    int
		message string
	}{
		{"", nil, 503, "the launcher has not reported yet"},
		{session.StateStarting, nil, 400, "VMI is not running"},
		{session.StateShutdown, nil, 400, "VMI is not running"},
		{session.StateRunning, domain.ErrNotConnected, 503, "the launcher is not connected"},
		{session.StateRunning, domain.ErrBusy, 429, "the launcher has too many commands to answer"},
		{session.StateRunning, context.DeadlineExceeded, 504, "Timeout: the launcher did not answer in time"},
		{session.StateRunning, domain.CommandError("connect with the screen: no such file"), 500, "Internal error occurred: connect with the screen: no such file"},
		{session.StateRunning, domain.CommandError(session.UnknownVerb(session.VerbVNC)), 501,
			`the launcher of this instance was started by an older version that does not know "vnc"; stop and start the virtual machine to get a newer one`},
	} {
		h := newTheater(t, &fakeScreen{state: c.state, open: func() (net.Conn, error) { return nil, c.err }})
		h.refused("", c.code, c.message)
		h.empty()
	}
}

// TestNothingIsLeftOfViewers counts what a crowd that comes and goes in every way has left behind.
func TestNothingIsLeftOfViewers(t *testing.T) {
	h := newTheater(t, &fakeScreen{state: session.StateRunning, open: socketOf(t, echo)})
	crowd := func() {
		for i := range 10 {
			conn := h.enter("")
			sees(t, conn)
			switch i % 3 {
			case 0:
				conn.Close()
			case 1:
				_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
				_, _, _ = conn.ReadMessage()
				conn.Close()
			case 2: // a handshake that fails after the screen was opened
				conn.Close()
				answer, err := http.Get(h.server.URL + "/vnc")
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
			}
		}
		h.empty()
		h.server.CloseClientConnections()
		http.DefaultClient.CloseIdleConnections()
	}
	crowd()
	files, routines := openFiles(t), runtime.NumGoroutine()
	for range 3 {
		crowd()
	}
	// Files and goroutines end without a word to anybody.
	for deadline := time.Now().Add(patience); openFiles(t) > files+2 || runtime.NumGoroutine() > routines+4; time.Sleep(interval) {
		if time.Now().After(deadline) {
			t.Fatalf("%d files and %d goroutines, before %d and %d", openFiles(t), runtime.NumGoroutine(), files, routines)
		}
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestAWrongStreamIsAnError(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	h := newTheater(t, &fakeScreen{state: session.StateRunning, open: func() (net.Conn, error) { return near, nil }})
	h.refused("", 500, "Internal error occurred: use stream of the launcher: *net.pipe is no socket")
	if _, err := near.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the stream is still open: %v", err)
	}
}
