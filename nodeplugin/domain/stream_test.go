// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"

	"github.com/virtplane/virtplane/launcher/session"
)

// opened is what Open returned.
type opened struct {
	conn net.Conn
	err  error
}

// open has g open a stream and returns the command that the launcher gets for it.
func open(t *testing.T, g *Guest, l *launcher) (*session.Command, chan opened) {
	t.Helper()
	done := make(chan opened, 1)
	go func() {
		conn, err := g.Open(t.Context(), session.VerbVNC, nil)
		done <- opened{conn, err}
	}()
	m := l.receive()
	if m.Command == nil || m.Command.Verb != session.VerbVNC {
		t.Fatalf("got %+v", m)
	}
	return m.Command, done
}

// handOver sends a stream's Hello with descriptors and waits until the plugin is done with it.
func (l *launcher) handOver(command uint64, fds ...int) {
	l.t.Helper()
	conn := l.dial()
	defer conn.Socket().Close()
	hello := &session.Message{Hello: &session.Hello{Version: session.Version, Kind: session.KindStream, Command: command}}
	if err := conn.Send(hello, fds...); err != nil {
		l.t.Fatal(err)
	}
	waitClosed(l.t, conn)
}

func TestAStreamIsOpened(t *testing.T) {
	n := newNode(t)
	l := newLauncher(t, n.open(t, "demo"))
	l.connect()
	g := n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "demo"})
	command, done := open(t, g, l)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	far := os.NewFile(uintptr(fds[1]), "far")
	defer far.Close()
	l.handOver(command.ID, fds[0])
	unix.Close(fds[0])
	l.send(&session.Message{Result: &session.Result{ID: command.ID}})
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	defer got.conn.Close()
	if _, err := got.conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	if n, err := far.Read(buf); err != nil || string(buf[:n]) != "hello" {
		t.Errorf("read %q, %v", buf[:n], err)
	}
}

// TestWrongStreamsAreNotTaken has a launcher hand over what it must not; the command then ends with an error, and
// the plugin keeps no descriptor.
func TestWrongStreamsAreNotTaken(t *testing.T) {
	n := newNode(t)
	l := newLauncher(t, n.open(t, "demo"))
	l.connect()
	g := n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "demo"})
	descriptor := func(fd int, err error) int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
	listening := descriptor(unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	if err := errors.Join(unix.Bind(listening, &unix.SockaddrUnix{Name: filepath.Join(t.TempDir(), "s")}), unix.Listen(listening, 1)); err != nil {
		t.Fatal(err)
	}
	var pipe, pair [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range append(pipe[:], pair[:]...) {
		t.Cleanup(func() { unix.Close(fd) })
	}
	for what, fds := range map[string][]int{
		"a file":                {descriptor(unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0))},
		"a pipe":                {pipe[0]},
		"a listening socket":    {listening},
		"an unconnected socket": {descriptor(unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))},
		"a network socket":      {descriptor(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))},
		"a datagram socket":     {pair[0]},
		"two descriptors":       {pipe[0], pipe[1]},
		"nothing":               {},
	} {
		t.Run(what, func(t *testing.T) {
			before := descriptors(t)
			command, done := open(t, g, l)
			l.handOver(command.ID, fds...)
			l.send(&session.Message{Result: &session.Result{ID: command.ID}})
			if got := <-done; got.err == nil || !strings.Contains(got.err.Error(), "opened nothing") {
				t.Errorf("got %v", got.err)
			}
			if after := descriptors(t); after > before {
				t.Errorf("%d descriptors, %d before", after, before)
			}
		})
	}
}

// descriptors counts those of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
