// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"

	"github.com/virtplane/virtplane/launcher/session"
)

// screen returns a good stream, and the end of it that a launcher keeps.
func (l *launcher) screen() (near int, far *os.File) {
	l.t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	far = os.NewFile(uintptr(fds[1]), "far")
	if err := far.SetDeadline(time.Now().Add(patience)); err != nil {
		l.t.Fatal(err)
	}
	return fds[0], far
}

// TestStreamsAreTakenOnceAndInTime has a launcher hand over good streams at the wrong moment. None may stay open, and
// nobody may wait for ever.
func TestStreamsAreTakenOnceAndInTime(t *testing.T) {
	n := newNode(t)
	l := newLauncher(t, n.open(t, "demo"))
	l.connect()
	g := n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "demo"})
	result := func(id uint64) { l.send(&session.Message{Result: &session.Result{ID: id}}) }
	// handed passes a stream and tells whether the plugin let it go.
	handed := func(command uint64) *os.File {
		near, far := l.screen()
		l.handOver(command, near)
		unix.Close(near)
		return far
	}
	expectClosed := func(what string, far *os.File) {
		t.Helper()
		defer far.Close()
		if _, err := far.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the plugin keeps the stream: %v", what, err)
		}
	}
	for what, misdeed := range map[string]func(){
		"unasked":               func() { expectClosed("unasked", handed(0)) },
		"for a command to come": func() { expectClosed("for a command to come", handed(1<<40)) },
		"for one that opens nothing": func() {
			done := make(chan error, 1)
			go func() { done <- g.Do(t.Context(), session.VerbPause) }()
			id := l.receive().Command.ID
			expectClosed("for one that opens nothing", handed(id))
			result(id)
			if err := <-done; err != nil {
				t.Errorf("the command ended with %v", err)
			}
		},
		"twice": func() {
			command, done := open(t, g, l)
			first := handed(command.ID)
			defer first.Close()
			expectClosed("twice", handed(command.ID))
			result(command.ID)
			got := <-done
			if got.err != nil {
				t.Errorf("the first is not taken: %v", got.err)
				return
			}
			got.conn.Close()
		},
		"after the answer": func() {
			command, done := open(t, g, l)
			result(command.ID)
			if got := <-done; got.err == nil {
				t.Error("opened without a stream")
			}
			expectClosed("after the answer", handed(command.ID))
		},
		"with an error": func() {
			command, done := open(t, g, l)
			far := handed(command.ID)
			l.send(&session.Message{Result: &session.Result{ID: command.ID, Error: "no screen"}})
			if got := <-done; got.err == nil || got.err.Error() != "no screen" {
				t.Errorf("got %v", got.err)
			}
			expectClosed("with an error", far)
		},
		"without an answer": func() {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := g.Open(ctx, session.VerbVNC, nil)
				done <- err
			}()
			far := handed(l.receive().Command.ID)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			expectClosed("without an answer", far)
		},
	} {
		before, routines := descriptors(t), runtime.NumGoroutine()
		misdeed()
		settled := func() bool { return descriptors(t) <= before && runtime.NumGoroutine() <= routines }
		for deadline := time.Now().Add(patience); !settled(); runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d descriptors and %d goroutines, %d and %d before", what, descriptors(t), runtime.NumGoroutine(), before, routines)
			}
		}
	}
	// A session that ends lets go whoever waits for a stream.
	command, done := open(t, g, l)
	far := handed(command.ID)
	l.conn.Socket().Close()
	if got := <-done; !errors.Is(got.err, ErrNotConnected) {
		t.Errorf("got %v", got.err)
	}
	expectClosed("the session's end", far)
}
