// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/launcher/session"
)

// socketPair returns two connected sockets.
func socketPair(t *testing.T) (near, far *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fds[0]), "near"), os.NewFile(uintptr(fds[1]), "far")
}

func TestAStreamIsHandedOver(t *testing.T) {
	f := newFake(t)
	near, far := socketPair(t)
	defer far.Close()
	_, started := newSession(t, f, func(*session.Command) (any, error) { return near, nil })
	conn := f.accept(session.KindSession)
	f.send(conn, start())
	<-started
	f.send(conn, &session.Message{Command: &session.Command{ID: 7, Verb: session.VerbVNC}})

	sock, err := f.listener.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	m, files, err := session.NewConn(sock, session.MaxFromLauncher).Receive()
	if err != nil || m.Hello == nil || m.Hello.Kind != session.KindStream || m.Hello.Command != 7 || len(files) != 1 {
		t.Fatalf("got %+v with %d descriptors, %v", m, len(files), err)
	}
	handed, err := net.FileConn(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer handed.Close()
	files[0].Close()
	sock.Close()
	if m := f.receive(conn); m.Result == nil || m.Result.ID != 7 || m.Result.Error != "" {
		t.Fatalf("got %+v", m)
	}
	if _, err := far.WriteString("RFB"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 3)
	if n, err := handed.Read(buf); err != nil || string(buf[:n]) != "RFB" {
		t.Errorf("read %q, %v", buf[:n], err)
	}
	// The session keeps no copy: the end of the handed one is seen.
	handed.Close()
	if err := far.SetReadDeadline(time.Now().Add(deadline)); err == nil {
		if _, err := far.Read(buf); err == nil || os.IsTimeout(err) {
			t.Errorf("the stream is still open: %v", err)
		}
	}
}

func TestQueriesRunBesideOthers(t *testing.T) {
	f := newFake(t)
	release := make(chan struct{})
	_, started := newSession(t, f, func(c *session.Command) (any, error) {
		if c.Verb == session.VerbUsers {
			<-release
		}
		return map[string]string{"verb": string(c.Verb)}, nil
	})
	conn := f.accept(session.KindSession)
	f.send(conn, start())
	<-started
	for id := range uint64(maxConcurrent + 1) {
		f.send(conn, &session.Message{Command: &session.Command{ID: id, Verb: session.VerbUsers}})
	}
	if m := f.receive(conn); m.Result == nil || m.Result.ID != maxConcurrent || !strings.Contains(m.Result.Error, "try again") {
		t.Errorf("one too many: %+v", m.Result)
	}
	f.send(conn, &session.Message{Command: &session.Command{ID: 100, Verb: session.VerbPause}})
	if m := f.receive(conn); m.Result == nil || m.Result.ID != 100 || string(m.Result.Data) != `{"verb":"pause"}` {
		t.Errorf("got %+v", m.Result)
	}
	close(release)
	for range maxConcurrent {
		if m := f.receive(conn); m.Result == nil || string(m.Result.Data) != `{"verb":"userlist"}` {
			t.Errorf("got %+v", m.Result)
		}
	}
}

func TestAnAnswerThatIsTooLargeIsAnError(t *testing.T) {
	f := newFake(t)
	_, started := newSession(t, f, func(*session.Command) (any, error) { return strings.Repeat("x", session.MaxFromLauncher), nil })
	conn := f.accept(session.KindSession)
	f.send(conn, start())
	<-started
	f.send(conn, &session.Message{Command: &session.Command{ID: 1, Verb: session.VerbGuestInfo}})
	if m := f.receive(conn); m.Result == nil || !strings.Contains(m.Result.Error, "at most") || m.Result.Data != nil {
		t.Errorf("got %.100v", m.Result)
	}
}
