// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"

	"github.com/virtplane/virtplane/launcher/session"
)

// maxWaiting caps the commands without an answer.
const maxWaiting = 16

var (
	// ErrNotConnected says that the launcher has no session, as for a moment after a restart.
	ErrNotConnected = errors.New("the launcher is not connected")
	// ErrBusy says that the launcher answers too slowly.
	ErrBusy = errors.New("the launcher has too many commands to answer")
)

// CommandError is the launcher's own answer that a command did not succeed.
type CommandError string

// Error returns the launcher's words.
func (e CommandError) Error() string { return string(e) }

// call is a command without an answer yet.
type call struct {
	// answer gets the result; it is closed when the session ends before.
	answer chan *session.Result
	// stream gets what the launcher opened; nil for a command that opens nothing.
	stream chan net.Conn
}

// Do has the launcher carry out verb, and waits for its answer or the end of ctx.
func (g *Guest) Do(ctx context.Context, verb session.Verb) error { return g.Ask(ctx, verb, nil, nil) }

// Ask has the launcher carry out verb with arguments, and decodes its answer into into. Both may be nil.
func (g *Guest) Ask(ctx context.Context, verb session.Verb, arguments, into any) error {
	result, err := g.command(ctx, verb, arguments, &call{})
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(result.Data, into); err != nil {
		return CommandError(cleanMessage(fmt.Sprintf("the launcher's answer cannot be read: %v", err)))
	}
	return nil
}

// Open has the launcher open what verb says, and returns the connection, which the caller closes. All
// that comes from it is the guest's or its launcher's word.
func (g *Guest) Open(ctx context.Context, verb session.Verb, arguments any) (net.Conn, error) {
	opening := &call{stream: make(chan net.Conn, 1)}
	if _, err := g.command(ctx, verb, arguments, opening); err != nil {
		opening.discard()
		return nil, err
	}
	select {
	case conn := <-opening.stream:
		return conn, nil
	default:
		return nil, CommandError(fmt.Sprintf("the launcher opened nothing for %s", verb))
	}
}

// discard closes a stream that nobody takes any more. It is called once the call is forgotten, after
// which nothing is added.
func (c *call) discard() {
	select {
	case conn := <-c.stream:
		conn.Close()
	default:
	}
}

// command encodes a verb's arguments, which may be nil, and sends it.
func (g *Guest) command(ctx context.Context, verb session.Verb, arguments any, waiting *call) (*session.Result, error) {
	c := session.Command{Verb: verb}
	if arguments != nil {
		var err error
		if c.Arguments, err = json.Marshal(arguments); err != nil {
			return nil, fmt.Errorf("encode arguments of %s: %w", verb, err)
		}
	}
	return g.send(ctx, c, waiting)
}

func (g *Guest) send(ctx context.Context, c session.Command, waiting *call) (*session.Result, error) {
	waiting.answer = make(chan *session.Result, 1)
	l, id, err := g.enlist(waiting)
	if err != nil {
		return nil, err
	}
	defer g.forget(l, id)
	c.ID = id
	if err := l.send(&session.Message{Command: &c}); err != nil {
		return nil, errors.Join(ErrNotConnected, err)
	}
	select {
	case result, answered := <-waiting.answer:
		switch {
		case !answered:
			return nil, ErrNotConnected
		case result.Error != "":
			return nil, CommandError(cleanMessage(result.Error))
		}
		return result, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *Guest) enlist(waiting *call) (*link, uint64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.current == nil:
		return nil, 0, ErrNotConnected
	case len(g.current.waiting) >= maxWaiting:
		return nil, 0, ErrBusy
	}
	g.sequence++
	g.current.waiting[g.sequence] = waiting
	return g.current, g.sequence, nil
}

func (g *Guest) forget(l *link, id uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(l.waiting, id)
}

// answer hands a result to whoever waits for it. An answer that nobody waits for came too late.
func (g *Guest) answer(l *link, r *session.Result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if waiting, ok := l.waiting[r.ID]; ok {
		waiting.answer <- r
		delete(l.waiting, r.ID)
	}
}
