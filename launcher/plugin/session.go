// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package plugin keeps the launcher connected with the node plugin. It dials for ever: a plugin
// that restarts, or is gone for long, never touches the guest.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"sync"
	"time"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
)

const (
	minRedial = 50 * time.Millisecond
	maxRedial = time.Second
	// maxCommands is far more than a plugin sends before it waits for a result.
	maxCommands = 64
)

// Session is the connection that carries reports and commands.
type Session struct {
	socket string
	netns  *os.File
	// start gets every Start of the plugin, execute every Command.
	start   func(*session.Start)
	execute func(context.Context, *session.Command) error

	// mu guards all below.
	mu sync.Mutex
	// report is the newest one; number counts reports, sent is the number of the last one that was
	// written to a plugin.
	report       *session.Report
	number, sent uint64
	connected    bool
	// changed is closed and replaced when one of the above changes.
	changed chan struct{}
}

// NewSession returns a session that is not connected yet. The network namespace goes to the plugin.
func NewSession(socket string, netns *os.File, start func(*session.Start),
	execute func(context.Context, *session.Command) error) *Session {
	return &Session{socket: socket, netns: netns, start: start, execute: execute, changed: make(chan struct{})}
}

// Publish makes report the state that the plugin is told, now and after every reconnect.
func (s *Session) Publish(report session.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.report != nil && reflect.DeepEqual(*s.report, report) {
		return
	}
	s.report = &report
	s.number++
	s.wake()
}

// Flush waits until the newest report was written to a plugin. It returns false when ctx ends
// first, or as soon as absent passes while no plugin is connected.
func (s *Session) Flush(ctx context.Context, absent time.Duration) bool {
	timeout := time.NewTimer(absent)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		done, connected, changed := s.sent == s.number, s.connected, s.changed
		s.mu.Unlock()
		if done {
			return true
		}
		var giveUp <-chan time.Time
		if !connected {
			giveUp = timeout.C
		}
		select {
		case <-changed:
		case <-giveUp:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// wake tells all who wait; the caller holds mu.
func (s *Session) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Run keeps the session until ctx ends.
func (s *Session) Run(ctx context.Context) {
	redial(ctx, "Session", func() (bool, error) { return s.connect(ctx) })
}

// connect serves one connection; it returns whether the plugin answered, and why it ended.
func (s *Session) connect(ctx context.Context) (answered bool, err error) {
	conn, closeConn, err := dial(ctx, s.socket)
	if err != nil {
		return false, err
	}
	defer closeConn()
	hello := &session.Message{Hello: &session.Hello{Version: session.Version, Kind: session.KindSession}}
	if err := conn.Send(hello, int(s.netns.Fd())); err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	commands := make(chan *session.Command, maxCommands)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer closeConn()
	defer cancel()
	defer s.setConnected(false)
	for {
		m, files, err := conn.Receive()
		for _, f := range files {
			f.Close() // the protocol has none in this direction
		}
		switch {
		case err != nil:
			return answered, err
		case m.Refusal != nil:
			return answered, fmt.Errorf("the node plugin refused: %s", m.Refusal.Message)
		case m.Start != nil:
			s.start(m.Start)
			if !answered {
				answered = true
				s.setConnected(true)
				workers.Go(func() { s.send(ctx, conn) })
				workers.Go(func() { s.executeAll(ctx, conn, commands) })
			}
		case m.Command != nil:
			select {
			case commands <- m.Command:
			default:
				return answered, errors.New("too many commands at once")
			}
		}
	}
}

func (s *Session) setConnected(connected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connected != connected {
		s.connected = connected
		s.wake()
	}
}

// send writes the newest report, at first and on every change, until the connection ends.
func (s *Session) send(ctx context.Context, conn *session.Conn) {
	var last uint64
	for {
		s.mu.Lock()
		report, number, changed := s.report, s.number, s.changed
		s.mu.Unlock()
		if number != last {
			if err := conn.Send(&session.Message{Report: report}); err != nil {
				conn.Socket().Close() // ends Receive, which redials
				return
			}
			last = number
			s.mu.Lock()
			s.sent = max(s.sent, number)
			s.wake()
			s.mu.Unlock()
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// executeAll carries out commands one after the other, in their order.
func (s *Session) executeAll(ctx context.Context, conn *session.Conn, commands <-chan *session.Command) {
	for {
		select {
		case c := <-commands:
			result := &session.Result{ID: c.ID}
			if err := s.execute(ctx, c); err != nil {
				result.Error = err.Error()
			}
			if err := conn.Send(&session.Message{Result: result}); err != nil {
				klog.FromContext(ctx).Info("Result of a command was not delivered", "verb", c.Verb, "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// dial connects to the plugin; the connection is closed when ctx ends.
func dial(ctx context.Context, socket string) (*session.Conn, func(), error) {
	sock, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, nil, fmt.Errorf("dial node plugin: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { sock.Close() })
	return session.NewConn(sock, session.MaxFromPlugin), func() { stop(); sock.Close() }, nil
}

// redial calls connect again and again with growing pauses until ctx ends or connect returns
// errDone. Why it failed is logged once until it works again.
func redial(ctx context.Context, what string, connect func() (bool, error)) {
	log := klog.FromContext(ctx)
	wait, logged := minRedial, ""
	for {
		answered, err := connect()
		if ctx.Err() != nil || errors.Is(err, errDone) {
			return
		}
		if answered {
			wait, logged = minRedial, ""
		}
		if text := fmt.Sprint(err); text != logged {
			log.Info(what+" with the node plugin ended, dialling again", "err", err)
			logged = text
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, maxRedial)
	}
}

// errDone ends redialling.
var errDone = errors.New("nothing is left to send")
