// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// retryInterval is how often a console that is not there yet is tried; the same as other clients of this API.
	retryInterval = time.Second
	// tooShort is how long a connection has to hold to count as one, and maxShort how many in a row may not: servers
	// that allow one client alone throw out the other, and two of them would take turns for ever.
	tooShort = 3 * time.Second
	maxShort = 3
	// serverGrace is how long a first connection waits for a server that answers with an error of its own, such as a
	// node plugin that is just being restarted.
	serverGrace = 10 * time.Second
	// noConsole is in the answer for a guest that will never have a console, which has the code of one that does not
	// run yet.
	noConsole = "No serial consoles"
)

// errLeft is the end that the user asked for.
var errLeft = errors.New("left")

// Session is one person's, or script's, stay at a console.
type Session struct {
	// Name is the instance's, for messages.
	Name string
	Dial Dialer
	// Awaited tells whether an instance that the server does not know may come.
	Awaited func(context.Context) bool
	// Timeout is how long to try until there is a connection.
	Timeout time.Duration
	// ReadOnly drops what is typed.
	ReadOnly bool
	In       io.Reader
	Out      io.Writer
	// Notices is where everything goes that is not the guest's.
	Notices io.Writer
	// Terminal is nil when In is none.
	Terminal *Terminal

	// newline ends notices: a raw terminal needs the carriage return.
	newline string
	// ping is the pause between pings.
	ping time.Duration
}

// Run connects and stays until the user leaves, the guest ends or ctx does. It leaves the terminal as it was.
func (s *Session) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.newline = "\n"
	if s.ping == 0 {
		s.ping = pingInterval
	}

	// Until the first connection the terminal is as usual, so that Ctrl-C works.
	line, err := s.connect(ctx, nil, Position{}, false)
	if err != nil {
		return err
	}
	if s.Terminal != nil {
		restore, err := s.Terminal.raw()
		if err != nil {
			line.Close()
			return err
		}
		s.newline = "\r\n"
		defer func() {
			restore()
			fmt.Fprintln(s.Notices)
		}()
		if s.ReadOnly {
			s.notice("Watching the console of %s; nothing can be typed. Press Ctrl-] or Ctrl-C to leave.", s.Name)
		} else {
			s.notice("Connected to the console of %s. Press Ctrl-] to leave.", s.Name)
		}
	}
	keys := newKeyboard(ctx, s.In)
	keys.mute = s.ReadOnly
	return s.stay(ctx, line, keys)
}

// stay attends one connection after the other.
func (s *Session) stay(ctx context.Context, line *Line, keys *keyboard) error {
	out := &screen{out: s.Out, terminal: s.Terminal != nil, at: line.At}
	out.skipped = func(n uint64) { s.notice("[%d bytes of output skipped]", n) }
	short := 0
	for {
		begin := time.Now()
		err := attend(ctx, line.Conn, keys, out, s.ping)
		switch {
		case errors.Is(err, errLeft):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case websocket.IsCloseError(err, websocket.CloseNormalClosure):
			s.notice("The console of %s has ended.", s.Name)
			return nil
		case errors.Is(err, errOutput):
			return err
		}
		if short++; time.Since(begin) >= tooShort {
			short = 0
		}
		if short >= maxShort {
			return fmt.Errorf("the connection breaks at once, %d times in a row; another client may hold the console: %w", short, err)
		}
		s.notice("The connection to the console of %s broke (%v). Connecting again; Ctrl-] leaves.", s.Name, err)
		if line, err = s.connect(ctx, keys, out.at, true); errors.Is(err, errLeft) {
			return nil
		} else if err != nil {
			return err
		}
		s.notice("Connected again.")
		out.resume(line.At)
	}
}

// connect dials until there is a connection, a reason why there will be none, or no time left.
func (s *Session) connect(ctx context.Context, keys *keyboard, at Position, again bool) (*Line, error) {
	begin := time.Now()
	shown := ""
	for {
		line, err := s.dial(ctx, keys, at)
		if err == nil || errors.Is(err, errLeft) || ctx.Err() != nil {
			return line, err
		}
		if !s.worthWaiting(ctx, err, again, again || time.Since(begin) < serverGrace) {
			return nil, err
		}
		if time.Since(begin)+retryInterval > s.Timeout {
			return nil, fmt.Errorf("no console of %s within %s: %w", s.Name, s.Timeout, err)
		}
		if why := err.Error(); why != shown {
			s.notice("Waiting for %s: %s", s.Name, why)
			shown = why
		}
		if err := s.pause(ctx, keys); err != nil {
			return nil, err
		}
	}
}

func (s *Session) pause(ctx context.Context, keys *keyboard) error {
	pause, cancel := context.WithTimeout(context.Background(), retryInterval)
	defer cancel()
	return attendKeys(ctx, keys, pause.Done())
}

// dial makes one attempt and meanwhile listens to keys.
func (s *Session) dial(ctx context.Context, keys *keyboard, at Position) (*Line, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		line *Line
		err  error
	}
	results := make(chan result, 1)
	done := make(chan struct{})
	go func() {
		line, err := s.Dial(ctx, at)
		results <- result{line, err}
		close(done)
	}()
	if err := attendKeys(ctx, keys, done); err != nil {
		// A handshake in progress does not hear of cancel; nobody should wait for it to leave.
		go func() {
			if r := <-results; r.line != nil {
				r.line.Close()
			}
		}()
		return nil, err
	}
	r := <-results
	return r.line, r.err
}

// attendKeys waits for done and returns early with errLeft or the end of ctx.
func attendKeys(ctx context.Context, keys *keyboard, done <-chan struct{}) error {
	for {
		var input <-chan []byte
		if keys != nil {
			if keys.left {
				return errLeft
			}
			input = keys.input()
		}
		select {
		case typed, open := <-input:
			keys.take(typed, open)
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// worthWaiting tells whether another attempt may do better: for a guest that does not run yet, and with patience for
// every trouble that a restart of some server between may cause.
func (s *Session) worthWaiting(ctx context.Context, err error, again, patient bool) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return again
	}
	switch code := status.Status().Code; {
	case code == http.StatusBadRequest:
		return !strings.Contains(status.Status().Message, noConsole)
	case code == http.StatusNotFound:
		return s.Awaited(ctx)
	case code >= http.StatusInternalServerError, code == http.StatusTooManyRequests:
		return patient
	}
	return false
}

// notice tells the user something on a line of its own.
func (s *Session) notice(format string, args ...any) {
	lead := ""
	if s.newline == "\r\n" {
		lead = s.newline
	}
	fmt.Fprintf(s.Notices, lead+format+s.newline, args...)
}
