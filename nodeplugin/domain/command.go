// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"errors"

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

// Do has the launcher carry out verb, and waits for its answer or the end of ctx.
func (g *Guest) Do(ctx context.Context, verb session.Verb) error {
	return g.command(ctx, session.Command{Verb: verb})
}

func (g *Guest) command(ctx context.Context, c session.Command) error {
	l, id, answer, err := g.enlist()
	if err != nil {
		return err
	}
	defer g.forget(l, id)
	c.ID = id
	if err := l.send(&session.Message{Command: &c}); err != nil {
		return errors.Join(ErrNotConnected, err)
	}
	select {
	case text, answered := <-answer:
		switch {
		case !answered:
			return ErrNotConnected
		case text != "":
			return CommandError(text)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *Guest) enlist() (*link, uint64, chan string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.current == nil:
		return nil, 0, nil, ErrNotConnected
	case len(g.current.waiting) >= maxWaiting:
		return nil, 0, nil, ErrBusy
	}
	g.sequence++
	answer := make(chan string, 1)
	g.current.waiting[g.sequence] = answer
	return g.current, g.sequence, answer, nil
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
		waiting <- cleanMessage(r.Error)
		delete(l.waiting, r.ID)
	}
}
