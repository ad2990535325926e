// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"time"
)

const (
	// courtesy is how long a burst of output waits for viewers that have fallen behind, so that
	// one which keeps up on the whole misses nothing.
	courtesy = 200 * time.Millisecond
	// strict is for how long nobody waits again for a viewer that has used its courtesy up: a
	// slow one costs the others next to nothing.
	strict = time.Minute
)

// makeRoom waits until all viewers can take another chunk, except those that are slow. The output
// waits in the launcher meanwhile, which never makes the guest wait.
func (h *Hub) makeRoom(ctx context.Context) {
	if !h.crowded() {
		return
	}
	timer := time.NewTimer(courtesy)
	defer timer.Stop()
	for h.crowded() {
		select {
		case <-h.room:
		case <-timer.C:
			h.giveUp()
			return
		case <-ctx.Done():
			return
		}
	}
}

func (h *Hub) crowded() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.viewers {
		if v.full() && time.Now().After(v.strictUntil) {
			return true
		}
	}
	return false
}

// giveUp lets the viewers that are full miss output from now on.
func (h *Hub) giveUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.viewers {
		if v.full() {
			v.strictUntil = time.Now().Add(strict)
		}
	}
}

// full tells that the viewer could not take another chunk; the caller holds the hub's mutex.
func (v *Viewer) full() bool { return len(v.pending)+chunk > maxPending }
