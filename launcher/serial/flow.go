// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package serial

import (
	"context"
	"time"
)

const (
	// reserve is how much a reader may have taken that did not arrive where it is kept: the buffer of a
	// unix socket holds some 200 KiB. As much of what was taken is not overwritten while output is held back.
	reserve = 256 << 10
	// stall is for how long output is held back for a reader that takes nothing. The guest waits for its
	// serial port meanwhile: as long as a node plugin needs to start again, and much shorter than a kernel
	// that prints needs to take its CPU for stuck.
	stall = 2 * time.Second
)

// flow is how far the reader is that output is held back for; the ring's mutex guards it.
type flow struct {
	// taken is the offset up to which the reader has all.
	taken uint64
	// waived is set while the reader takes nothing: the guest waits for it no longer.
	waived bool
	// moved holds a token when the reader has taken something.
	moved chan struct{}
}

// Taken notes that the reader for whom output is held back has all up to offset.
func (r *Ring) Taken(offset uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flow.taken, r.flow.waived = offset, false
	select {
	case r.flow.moved <- struct{}{}:
	default:
	}
}

// AwaitRoom waits until n bytes fit in without overwriting what the reader has not taken, or has taken
// only just; not for a reader that takes nothing.
func (r *Ring) AwaitRoom(ctx context.Context, n int) {
	if r.hasRoom(n) {
		return
	}
	timer := time.NewTimer(stall)
	defer timer.Stop()
	for !r.hasRoom(n) {
		select {
		case <-r.flow.moved:
			timer.Reset(stall)
		case <-timer.C:
			r.waive()
		case <-ctx.Done():
			return
		}
	}
}

func (r *Ring) hasRoom(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	size := len(r.buf) - min(reserve, len(r.buf)/4)
	return r.flow.waived || r.end+uint64(n) <= r.flow.taken+uint64(size)
}

func (r *Ring) waive() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flow.waived = true
}
