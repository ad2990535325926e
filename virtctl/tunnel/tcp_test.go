// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// notes collects what is reported.
type notes struct {
	mu    sync.Mutex
	lines []string
	came  chan struct{}
}

func newNotes() *notes { return &notes{came: make(chan struct{}, 100)} }

func (n *notes) report(_ net.Addr, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, err.Error())
	n.came <- struct{}{}
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

// forward serves a listener of this machine until the test ends.
func forward(t *testing.T, open Open, report Report) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	listeners, err := ListenTCP(ctx, []string{"127.0.0.1"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- ServeTCP(ctx, listeners[0], open, report) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return within(t, done, "the end of the listener")
	})
	t.Cleanup(func() { _ = stop() })
	return listeners[0].Addr().String(), stop
}

func connect(t *testing.T, network, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// exchange says text and wants to hear it again.
func exchange(conn io.ReadWriter, text string) error {
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil {
		return err
	}
	if string(got) != text {
		return fmt.Errorf("got %q, want %q", got, text)
	}
	return nil
}

func TestEveryConnectionHasAStreamOfItsOwn(t *testing.T) {
	s := serveSockets(t, echo)
	noted := newNotes()
	address, stop := forward(t, s.open, noted.report)
	const many = 50
	conns := make([]net.Conn, many)
	for i := range conns {
		conns[i] = connect(t, "tcp", address)
	}
	var all sync.WaitGroup
	for i, conn := range conns {
		all.Go(func() {
			for round := range 20 {
				if err := exchange(conn, fmt.Sprintf("connection %d, round %d", i, round)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if got := s.count.Load(); got != many {
		t.Errorf("%d streams for %d connections", got, many)
	}
	if err := stop(); !errors.Is(err, context.Canceled) || noted.String() != "" {
		t.Errorf("the end is %v, notes %q", err, noted)
	}
	if _, err := conns[0].Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlives the command")
	}
}

func TestARefusedConnectionEndsNoOther(t *testing.T) {
	s := serveSockets(t, echo)
	refuse := make(chan bool, 3)
	refuse <- false
	refuse <- true
	refuse <- false
	noted := newNotes()
	address, _ := forward(t, func(ctx context.Context) (*Conn, error) {
		if <-refuse {
			return nil, errors.New("the guest refused")
		}
		return s.open(ctx)
	}, noted.report)
	first := connect(t, "tcp", address)
	if err := exchange(first, "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := connect(t, "tcp", address).Read(make([]byte, 1)); err == nil {
		t.Error("the refused connection says something")
	}
	within(t, noted.came, "the report")
	if noted.String() != "the guest refused" {
		t.Errorf("reported: %q", noted)
	}
	for _, conn := range []net.Conn{first, connect(t, "tcp", address)} {
		if err := exchange(conn, "two"); err != nil {
			t.Error(err)
		}
	}
}

// A guest that takes its time to accept keeps nobody else waiting.
func TestASlowConnectionHoldsUpNoOther(t *testing.T) {
	s := serveSockets(t, echo)
	slow, release := make(chan bool, 2), make(chan struct{})
	slow <- true
	slow <- false
	address, _ := forward(t, func(ctx context.Context) (*Conn, error) {
		if <-slow {
			<-release
		}
		return s.open(ctx)
	}, newNotes().report)
	first := connect(t, "tcp", address)
	for len(slow) == 2 {
		time.Sleep(time.Millisecond) // until the first has taken its turn
	}
	if err := exchange(connect(t, "tcp", address), "fast"); err != nil {
		t.Error(err)
	}
	close(release)
	if err := exchange(first, "slow"); err != nil {
		t.Error(err)
	}
}

func TestAStreamOpenedAheadIsForTheFirst(t *testing.T) {
	s := serveSockets(t, echo)
	open, err := Ahead(t.Context(), s.open)
	if err != nil || s.count.Load() != 1 {
		t.Fatalf("%d streams, %v", s.count.Load(), err)
	}
	address, _ := forward(t, open, newNotes().report)
	for i, want := range []int32{1, 2} {
		if err := exchange(connect(t, "tcp", address), "hello"); err != nil {
			t.Fatal(err)
		}
		if got := s.count.Load(); got != want {
			t.Errorf("connection %d: %d streams were opened, want %d", i, got, want)
		}
	}
}

func TestAStreamOpenedAheadIsNotKept(t *testing.T) {
	gone := make(chan error, 2)
	s := serveSockets(t, func(socket *websocket.Conn) {
		_, _, err := socket.ReadMessage()
		gone <- err
	})
	if _, err := ahead(t.Context(), s.open, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := within(t, gone, "the end of the spare stream"); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Ahead(ctx, s.open); err != nil {
		t.Fatal(err)
	}
	cancel()
	within(t, gone, "the end of the spare stream with the command")
}

func TestListening(t *testing.T) {
	ctx := t.Context()
	both, err := ListenTCP(ctx, []string{"127.0.0.1", "127.0.0.2"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	port := PortOf(both[0].Addr())
	if port == 0 || PortOf(both[1].Addr()) != port {
		t.Errorf("listening on %s and %s, want one port", both[0].Addr(), both[1].Addr())
	}
	_, err = ListenTCP(ctx, []string{"127.0.0.2"}, port)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("listen on 127.0.0.2:%d: something else listens there", port)) {
		t.Errorf("a port that is taken: %v", err)
	}
	for _, listener := range both {
		listener.Close()
	}
	// Of two addresses one is no good, so none is kept.
	if _, err = ListenTCP(ctx, []string{"127.0.0.1", "192.0.2.1"}, port); err == nil || !strings.Contains(err.Error(), "it is not an address of this machine") {
		t.Errorf("an address of another machine: %v", err)
	}
	again, err := ListenTCP(ctx, []string{"localhost"}, port)
	if err != nil {
		t.Fatal(err)
	}
	for _, listener := range again {
		listener.Close()
	}
}
