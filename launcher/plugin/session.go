// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package plugin keeps the launcher connected with the node plugin. It dials for ever: a plugin
// that restarts, or is gone for long, never touches the guest.
package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	// maxConcurrent caps the commands that are carried out beside others.
	maxConcurrent = 8
	// handoverTimeout is how long the plugin may take to accept a stream.
	handoverTimeout = 5 * time.Second
)

// Session is the connection that carries reports and commands.
type Session struct {
	socket string
	netns  *os.File
	// start gets every Start of the plugin, execute every Command.
	start   func(*session.Start)
	execute Execute

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

// Execute carries out a command. What it returns is the answer: nil for done, an *os.File of a connected
// unix stream socket, which is handed over and closed, or anything that can be encoded as JSON.
type Execute func(context.Context, *session.Command) (any, error)

// NewSession returns a session that is not connected yet. The network namespace goes to the plugin.
func NewSession(socket string, netns *os.File, start func(*session.Start), execute Execute) *Session {
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

// executeAll carries out commands one after the other, in their order, but those that may run beside others.
func (s *Session) executeAll(ctx context.Context, conn *session.Conn, commands <-chan *session.Command) {
	var concurrent sync.WaitGroup
	defer concurrent.Wait()
	slots := make(chan struct{}, maxConcurrent)
	for {
		select {
		case c := <-commands:
			if !c.Verb.Concurrent() {
				s.executeOne(ctx, conn, c)
				continue
			}
			select {
			case slots <- struct{}{}:
				concurrent.Go(func() {
					defer func() { <-slots }()
					s.executeOne(ctx, conn, c)
				})
			default:
				s.deliver(ctx, conn, c, &session.Result{ID: c.ID, Error: errBusy.Error()})
			}
		case <-ctx.Done():
			return
		}
	}
}

// errBusy refuses a query while earlier ones are not answered.
var errBusy = fmt.Errorf("%d queries are not answered yet; try again in a moment", maxConcurrent)

func (s *Session) executeOne(ctx context.Context, conn *session.Conn, c *session.Command) {
	s.deliver(ctx, conn, c, s.result(ctx, c))
}

func (s *Session) deliver(ctx context.Context, conn *session.Conn, c *session.Command, result *session.Result) {
	if err := conn.Send(&session.Message{Result: result}); err != nil {
		klog.FromContext(ctx).Info("Result of a command was not delivered", "verb", c.Verb, "err", err)
	}
}

// result carries out c.
func (s *Session) result(ctx context.Context, c *session.Command) *session.Result {
	answer, err := s.execute(ctx, c)
	result := &session.Result{ID: c.ID}
	if file, ok := answer.(*os.File); ok && err == nil {
		err = s.handOver(ctx, c.ID, file)
	} else if answer != nil && err == nil {
		result.Data, err = json.Marshal(answer)
		if len(result.Data) > maxData {
			result.Data, err = nil, fmt.Errorf("the answer has %d bytes, at most %d are passed on", len(result.Data), maxData)
		}
	}
	if err != nil {
		result.Error = err.Error()
	}
	return result
}

// maxData leaves room for the rest of the frame.
const maxData = session.MaxFromLauncher - 4<<10

// handOver passes a stream to the plugin and closes it here.
func (s *Session) handOver(ctx context.Context, command uint64, file *os.File) error {
	defer file.Close()
	ctx, cancel := context.WithTimeout(ctx, handoverTimeout)
	defer cancel()
	conn, closeConn, err := dial(ctx, s.socket)
	if err != nil {
		return err
	}
	defer closeConn()
	hello := &session.Message{Hello: &session.Hello{Version: session.Version, Kind: session.KindStream, Command: command}}
	if err := conn.Send(hello, int(file.Fd())); err != nil {
		return fmt.Errorf("hand over stream: %w", err)
	}
	// The plugin closes the connection when it has the stream.
	if _, _, err := conn.Receive(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("hand over stream: the node plugin did not take it: %w", err)
	}
	return nil
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
