// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"fmt"
	"io"
	"time"
)

const (
	// Scrollback is how much past output a viewer sees at once, in bytes.
	Scrollback = 64 << 10
	// maxPending is how far a viewer may lag behind, in bytes, before it misses output.
	maxPending = 256 << 10
)

// Viewer follows a console. Output that it does not fetch in time is skipped, with a note.
type Viewer struct {
	hub *Hub
	// pending, skipped, ended and strictUntil are guarded by the hub's mutex.
	pending     []byte
	skipped     int
	ended       bool
	strictUntil time.Time
	// ready holds a token when pending or ended has changed.
	ready chan struct{}
}

// Next returns output as it comes. It returns io.EOF when the console has ended, and ctx's error.
func (v *Viewer) Next(ctx context.Context) ([]byte, error) {
	for {
		output, ended := v.take()
		if len(output) > 0 {
			return output, nil
		}
		if ended {
			return nil, io.EOF
		}
		select {
		case <-v.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (v *Viewer) take() ([]byte, bool) {
	v.hub.mu.Lock()
	defer v.hub.mu.Unlock()
	output := v.pending
	if v.skipped > 0 {
		note := fmt.Sprintf("\r\n[virtplane: %d bytes of output skipped for this viewer]\r\n", v.skipped)
		output = append([]byte(note), output...)
	}
	v.pending, v.skipped = nil, 0
	select {
	case v.hub.room <- struct{}{}:
	default:
	}
	return output, v.ended
}

// push hands output to the viewer; the caller holds the hub's mutex.
func (v *Viewer) push(output []byte) {
	v.pending = append(v.pending, output...)
	if over := len(v.pending) - maxPending; over > 0 {
		// What is oldest matters least; cutting deep keeps this from happening at every byte.
		cut := len(v.pending) - Scrollback
		v.pending = append([]byte(nil), v.pending[cut:]...)
		v.skipped += cut
	}
	v.signal()
}

// end lets the viewer finish; the caller holds the hub's mutex.
func (v *Viewer) end() {
	v.ended = true
	v.signal()
}

func (v *Viewer) signal() {
	select {
	case v.ready <- struct{}{}:
	default:
	}
}

// Type sends keystrokes to the guest. It waits while the guest does not take them.
func (v *Viewer) Type(ctx context.Context, keys []byte) error { return v.hub.typeKeys(ctx, keys) }

// Close lets the console go.
func (v *Viewer) Close() { v.hub.leave(v) }
