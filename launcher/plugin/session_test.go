// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/session"
)

// newSession runs a session; started gets each Start, commands each Command.
func newSession(t *testing.T, f *fake, execute func(*session.Command) (any, error)) (s *Session, started chan *session.Start) {
	t.Helper()
	netns, err := os.Open("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { netns.Close() })
	started = make(chan *session.Start, 8)
	s = NewSession(f.socket, netns, func(start *session.Start) { started <- start },
		func(_ context.Context, c *session.Command) (any, error) { return execute(c) })
	background(t, s.Run)
	return s, started
}

func noCommands(*session.Command) (any, error) { return nil, errors.New("not expected") }

func start() *session.Message { return &session.Message{Start: &session.Start{VMI: []byte(`{}`)}} }

func flushed(t *testing.T, s *Session) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	return s.Flush(ctx, deadline)
}

func TestReportsFollowTheStart(t *testing.T) {
	f := newFake(t)
	s, started := newSession(t, f, noCommands)
	s.Publish(session.Report{State: session.StateStarting})
	conn := f.accept(session.KindSession)
	f.send(conn, start())
	<-started
	if m := f.receive(conn); m.Report == nil || m.Report.State != session.StateStarting {
		t.Fatalf("got %+v", m)
	}
	s.Publish(session.Report{State: session.StateRunning})
	if m := f.receive(conn); m.Report == nil || m.Report.State != session.StateRunning {
		t.Fatalf("got %+v", m)
	}
	s.Publish(session.Report{State: session.StateRunning}) // the same again is not sent
	s.Publish(session.Report{State: session.StatePaused})
	if m := f.receive(conn); m.Report == nil || m.Report.State != session.StatePaused {
		t.Fatalf("got %+v", m)
	}
	if !flushed(t, s) {
		t.Error("reports that were sent count as not sent")
	}
}

func TestRestartedPluginGetsTheWholeState(t *testing.T) {
	f := newFake(t)
	s, started := newSession(t, f, noCommands)
	conn := f.accept(session.KindSession)
	f.send(conn, start())
	<-started
	s.Publish(session.Report{State: session.StateRunning, Machine: "pc-q35"})
	f.receive(conn)
	conn.Socket().Close()
	f.listener.Close()
	s.Publish(session.Report{State: session.StatePaused, Machine: "pc-q35"})
	f.listen()
	conn = f.accept(session.KindSession)
	f.send(conn, start())
	<-started
	if m := f.receive(conn); m.Report == nil || m.Report.State != session.StatePaused || m.Report.Machine != "pc-q35" {
		t.Fatalf("got %+v", m)
	}
}

func TestRefusedSessionIsDialledAgain(t *testing.T) {
	f := newFake(t)
	_, started := newSession(t, f, noCommands)
	conn := f.accept(session.KindSession)
	f.send(conn, &session.Message{Refusal: &session.Refusal{Message: "not now"}})
	conn = f.accept(session.KindSession)
	f.send(conn, start())
	<-started
}

func TestCommandsAreCarriedOutInOrder(t *testing.T) {
	f := newFake(t)
	verbs := make(chan session.Verb, 8)
	_, started := newSession(t, f, func(c *session.Command) (any, error) {
		verbs <- c.Verb
		if c.Verb == session.VerbUnpause {
			return nil, errors.New("no")
		}
		return nil, nil
	})
	conn := f.accept(session.KindSession)
	f.send(conn, start())
	<-started
	sent := []session.Verb{session.VerbPause, session.VerbUnpause, session.VerbPause, session.VerbKill}
	for i, verb := range sent {
		f.send(conn, &session.Message{Command: &session.Command{ID: uint64(i), Verb: verb}})
	}
	for i, verb := range sent {
		m := f.receive(conn)
		want := ""
		if verb == session.VerbUnpause {
			want = "no"
		}
		if m.Result == nil || m.Result.ID != uint64(i) || m.Result.Error != want {
			t.Fatalf("result %d is %+v", i, m.Result)
		}
		if done := <-verbs; done != verb {
			t.Fatalf("command %d was %s, want %s", i, done, verb)
		}
	}
}

func TestFlushGivesUpOnAPluginThatIsAway(t *testing.T) {
	f := newFake(t)
	f.listener.Close()
	s, _ := newSession(t, f, noCommands)
	s.Publish(session.Report{State: session.StateShutdown})
	if s.Flush(context.Background(), 50*time.Millisecond) {
		t.Fatal("nobody was told")
	}
}

func TestFlushWaitsForAPluginThatComesBack(t *testing.T) {
	f := newFake(t)
	f.listener.Close()
	s, started := newSession(t, f, noCommands)
	s.Publish(session.Report{State: session.StateShutdown})
	told := make(chan bool)
	go func() { told <- s.Flush(context.Background(), deadline) }()
	f.listen()
	conn := f.accept(session.KindSession)
	f.send(conn, start())
	<-started
	if m := f.receive(conn); m.Report == nil || m.Report.State != session.StateShutdown {
		t.Fatalf("got %+v", m)
	}
	if !<-told {
		t.Fatal("not told")
	}
}
