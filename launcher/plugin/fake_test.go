// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/session"
)

const deadline = 10 * time.Second

// fake is a node plugin that a test drives.
type fake struct {
	t        *testing.T
	socket   string
	listener *net.UnixListener
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, socket: filepath.Join(t.TempDir(), session.SocketName)}
	f.listen()
	return f
}

func (f *fake) listen() {
	f.t.Helper()
	_ = os.Remove(f.socket)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: f.socket, Net: "unix"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.listener = l
	f.t.Cleanup(func() { l.Close() })
}

// accept waits for a connection of a kind and reads its Hello.
func (f *fake) accept(kind session.Kind) *session.Conn {
	f.t.Helper()
	if err := f.listener.SetDeadline(time.Now().Add(deadline)); err != nil {
		f.t.Fatal(err)
	}
	sock, err := f.listener.AcceptUnix()
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { sock.Close() })
	if err := sock.SetDeadline(time.Now().Add(deadline)); err != nil {
		f.t.Fatal(err)
	}
	conn := session.NewConn(sock, session.MaxFromLauncher)
	m, files, err := conn.Receive()
	if err != nil || m.Hello == nil || m.Hello.Kind != kind || m.Hello.Version != session.Version {
		f.t.Fatalf("hello %+v, %v", m, err)
	}
	if want := kind == session.KindSession; (len(files) == 1) != want {
		f.t.Fatalf("%s came with %d descriptors", kind, len(files))
	}
	for _, file := range files {
		file.Close()
	}
	return conn
}

func (f *fake) receive(conn *session.Conn) *session.Message {
	f.t.Helper()
	m, _, err := conn.Receive()
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func (f *fake) send(conn *session.Conn, m *session.Message) {
	f.t.Helper()
	if err := conn.Send(m); err != nil {
		f.t.Fatal(err)
	}
}

// background runs something until the test ends.
func background(t *testing.T, run func(context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(deadline):
			t.Error("it did not end")
		}
	})
}
