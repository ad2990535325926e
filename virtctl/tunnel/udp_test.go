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

// forwardPackets serves a local port of datagrams until the test ends.
func forwardPackets(t *testing.T, open Open, report Report, idle time.Duration) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	conns, err := ListenUDP(ctx, []string{"127.0.0.1"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- serveUDP(ctx, conns[0], open, report, idle) }()
	t.Cleanup(func() {
		cancel()
		if err := within(t, done, "the end"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return conns[0].LocalAddr().String()
}

// ask sends one datagram and returns the one that comes back.
func ask(conn net.Conn, text string) (string, error) {
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	buffer := make([]byte, maxDatagram)
	n, err := conn.Read(buffer)
	return string(buffer[:n]), err
}

func TestEverySenderHasAStreamOfItsOwn(t *testing.T) {
	s := serveSockets(t, echo)
	address := forwardPackets(t, s.open, newNotes().report, time.Hour)
	const senders = 10
	var all sync.WaitGroup
	for i := range senders {
		conn := connect(t, "udp", address)
		all.Go(func() {
			for round := range 10 {
				want := fmt.Sprintf("sender %d, round %d", i, round)
				if got, err := ask(conn, want); err != nil || got != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		})
	}
	all.Wait()
	if got := s.count.Load(); got != senders {
		t.Errorf("%d streams for %d senders", got, senders)
	}
}

func TestADatagramIsAMessageWhateverItsLength(t *testing.T) {
	s := serveSockets(t, echo)
	conn := connect(t, "udp", forwardPackets(t, s.open, newNotes().report, time.Hour))
	for _, length := range []int{1, 1472, 40000, maxDatagram} {
		want := strings.Repeat("x", length)
		if got, err := ask(conn, want); err != nil || got != want {
			t.Errorf("%d bytes came back as %d, %v", length, len(got), err)
		}
	}
}

func TestAnIdleSenderIsLetGo(t *testing.T) {
	gone := make(chan struct{}, 2)
	s := serveSockets(t, func(socket *websocket.Conn) {
		echo(socket)
		gone <- struct{}{}
	})
	noted := newNotes()
	conn := connect(t, "udp", forwardPackets(t, s.open, noted.report, 50*time.Millisecond))
	for round := range int32(2) {
		if got, err := ask(conn, "hello"); err != nil || got != "hello" {
			t.Fatalf("got %q, %v", got, err)
		}
		within(t, gone, "the end of the idle stream")
		if got := s.count.Load(); got != round+1 {
			t.Errorf("%d streams in round %d", got, round)
		}
	}
	if noted.String() != "" {
		t.Errorf("reported: %s", noted)
	}
}

func TestARefusedSenderIsReportedAndMayTryAgain(t *testing.T) {
	s := serveSockets(t, echo)
	refuse := make(chan bool, 2)
	refuse <- true
	refuse <- false
	noted := newNotes()
	conn := connect(t, "udp", forwardPackets(t, func(ctx context.Context) (*Conn, error) {
		if <-refuse {
			return nil, errors.New("the guest is away")
		}
		return s.open(ctx)
	}, noted.report, time.Hour))
	if _, err := io.WriteString(conn, "lost"); err != nil {
		t.Fatal(err)
	}
	within(t, noted.came, "the report")
	if noted.String() != "the guest is away" {
		t.Errorf("reported: %q", noted)
	}
	if got, err := ask(conn, "hello"); err != nil || got != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

// A sender whose stream is not there yet neither stops the others nor has more than its share of memory.
func TestASenderThatWaitsHoldsUpNoOther(t *testing.T) {
	s := serveSockets(t, echo)
	slow, release := make(chan bool, 2), make(chan struct{})
	slow <- true
	slow <- false
	address := forwardPackets(t, func(ctx context.Context) (*Conn, error) {
		if <-slow {
			<-release
		}
		return s.open(ctx)
	}, newNotes().report, time.Hour)
	waiting := connect(t, "udp", address)
	if _, err := io.WriteString(waiting, "0"); err != nil {
		t.Fatal(err)
	}
	for len(slow) == 2 {
		time.Sleep(time.Millisecond) // until the first has taken its turn
	}
	for i := range 3 * maxQueue {
		if _, err := io.WriteString(waiting, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := ask(connect(t, "udp", address), "fast"); err != nil || got != "fast" {
		t.Errorf("got %q, %v", got, err)
	}
	close(release)
	buffer := make([]byte, 10)
	if n, err := waiting.Read(buffer); err != nil || string(buffer[:n]) != "0" {
		t.Errorf("the first datagram that waited came back as %q, %v", buffer[:n], err)
	}
}
