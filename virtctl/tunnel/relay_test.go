// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// localPair returns the two ends of a TCP connection of this machine.
func localPair(t *testing.T) (user, ours *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialed, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close(); accepted.Close() })
	if err := dialed.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return dialed.(*net.TCPConn), accepted.(*net.TCPConn)
}

// relaying runs Relay and returns where its result comes.
func relaying(ctx context.Context, local io.ReadWriteCloser, remote *Conn, linger time.Duration) <-chan error {
	done := make(chan error, 1)
	go func() { done <- relay(ctx, local, remote, linger) }()
	return done
}

func TestARelayEndsWithTheGuest(t *testing.T) {
	s := serveSockets(t, func(socket *websocket.Conn) {
		_, message, _ := socket.ReadMessage()
		say(socket, "got "+string(message))
		farewell(socket, websocket.CloseNormalClosure, "")
	})
	user, ours := localPair(t)
	done := relaying(t.Context(), ours, dial(t, s), time.Hour)
	if _, err := user.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(user); err != nil || string(got) != "got hello" {
		t.Errorf("read %q, %v", got, err)
	}
	if err := within(t, done, "the end"); err != nil {
		t.Error(err)
	}
}

// As with `echo question | nc HOST PORT`.
func TestAnAnswerComesAfterTheLocalSideHasSaidAll(t *testing.T) {
	s := serveSockets(t, func(socket *websocket.Conn) {
		_, _, _ = socket.ReadMessage()
		for range 5 {
			time.Sleep(30 * time.Millisecond) // slower than the other side takes to close its half
			say(socket, "part ")
		}
		farewell(socket, websocket.CloseNormalClosure, "")
	})
	user, ours := localPair(t)
	done := relaying(t.Context(), ours, dial(t, s), 20*time.Second)
	if _, err := user.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	if err := user.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(user); err != nil || string(got) != strings.Repeat("part ", 5) {
		t.Errorf("read %q, %v", got, err)
	}
	if err := within(t, done, "the end"); err != nil {
		t.Error(err)
	}
}

func TestTheGuestIsLetGoWhenTheLocalSideHasGone(t *testing.T) {
	gone := make(chan error, 1)
	s := serveSockets(t, func(socket *websocket.Conn) {
		_, _, err := socket.ReadMessage()
		gone <- err
	})
	user, ours := localPair(t)
	done := relaying(t.Context(), ours, dial(t, s), 20*time.Millisecond)
	user.Close()
	if err := within(t, gone, "the guest's end"); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the guest's side saw %v", err)
	}
	if err := within(t, done, "the end"); err != nil {
		t.Error(err)
	}
}

func TestABrokenWayIsAnError(t *testing.T) {
	s := serveSockets(t, func(socket *websocket.Conn) { say(socket, "half a sen") })
	user, ours := localPair(t)
	done := relaying(t.Context(), ours, dial(t, s), time.Hour)
	if got, _ := io.ReadAll(user); string(got) != "half a sen" {
		t.Errorf("read %q", got)
	}
	if err := within(t, done, "the end"); err == nil || !strings.Contains(err.Error(), "the connection broke") {
		t.Errorf("the end is %v", err)
	}
}

func TestARelayEndsWithItsContext(t *testing.T) {
	s := serveSockets(t, echo)
	_, ours := localPair(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := relaying(ctx, ours, dial(t, s), time.Hour)
	cancel()
	if err := within(t, done, "the end"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A guest that sends without end to who does not read is held back, and loses nothing.
func TestAReaderThatPausesHoldsTheGuestBack(t *testing.T) {
	const message, messages = 64 << 10, 1024 // 64 MiB, more than buffers on the way hold
	var sent atomic.Int64
	s := serveSockets(t, func(socket *websocket.Conn) {
		block := make([]byte, message)
		for i := range messages {
			block[0] = byte(i)
			if socket.WriteMessage(websocket.BinaryMessage, block) != nil {
				return
			}
			sent.Add(message)
		}
		farewell(socket, websocket.CloseNormalClosure, "")
	})
	user, ours := localPair(t)
	done := relaying(t.Context(), ours, dial(t, s), time.Hour)
	before := int64(-1)
	for now := sent.Load(); now != before || now == 0; now = sent.Load() {
		before = now
		time.Sleep(200 * time.Millisecond) // until it moves no more
	}
	if before > message*messages/2 {
		t.Errorf("%d bytes went to nobody", before)
	}
	block := make([]byte, message)
	for i := range messages {
		if _, err := io.ReadFull(user, block); err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
		if block[0] != byte(i) {
			t.Fatalf("block %d is %d", i, block[0])
		}
	}
	if err := within(t, done, "the end"); err != nil {
		t.Error(err)
	}
}

func TestStandardInputAndOutput(t *testing.T) {
	s := serveSockets(t, func(socket *websocket.Conn) {
		for range 2 {
			_, message, _ := socket.ReadMessage()
			say(socket, "["+string(message)+"]")
		}
		farewell(socket, websocket.CloseNormalClosure, "")
	})
	in, keys := io.Pipe()
	defer keys.Close()
	var out bytes.Buffer
	done := relaying(t.Context(), Stdio(in, &out), dial(t, s), time.Hour)
	for _, text := range []string{"one", "two"} {
		if _, err := io.WriteString(keys, text); err != nil {
			t.Fatal(err)
		}
	}
	// The input is still open: its reader must not hold up the end.
	if err := within(t, done, "the end"); err != nil || out.String() != "[one][two]" {
		t.Errorf("wrote %q, %v", out.String(), err)
	}
}
