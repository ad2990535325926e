// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"time"
)

const (
	// courtesy is for how long output is held back in all for a viewer that has fallen behind, until
	// it has taken an allotment, in bytes: who takes that much in a second misses nothing, and the
	// guest waits for its serial port meanwhile. It is twenty times what a real line of 115200 baud
	// carries.
	courtesy  = time.Second
	allotment = 256 << 10
	// strict is for how long at least nothing is held back for a viewer that has used its courtesy up,
	// and then only when it has taken an allotment: one that is stuck costs the others this once.
	strict = time.Minute
)

// makeRoom waits until all viewers can take another chunk, except those that are too slow. The output
// waits in the launcher meanwhile, and when that is full in the guest's port.
func (h *Hub) makeRoom(ctx context.Context) {
	left := h.patience(0)
	if left <= 0 {
		return
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	for left > 0 {
		begin := time.Now()
		timer.Reset(left)
		select {
		case <-h.room:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		left = h.patience(time.Since(begin))
	}
}

// patience returns for how long output shall be held back, after it was for that long; 0 when it
// need not be.
func (h *Hub) patience(waited time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	longest := time.Duration(0)
	for v := range h.viewers {
		if v.lag()+chunk > h.slack() {
			longest = max(longest, v.pace.wait(now, waited))
		}
	}
	return longest
}

// slack is how far a viewer may lag behind before it misses output; the caller holds mu.
func (h *Hub) slack() uint64 {
	if h.logFailed || h.log.current == nil {
		return windowSize
	}
	return max(windowSize, uint64(h.log.capacity))
}

// pace is how a viewer keeps up.
type pace struct {
	// waited is for how long output was held back for it since it last took an allotment, of which
	// it has taken the given bytes of the next.
	waited time.Duration
	bytes  int
	// waived is set while nothing is held back for it, at least until waivedUntil.
	waived      bool
	waivedUntil time.Time
}

// wait notes that output was held back, and returns for how long it still may be.
func (p *pace) wait(now time.Time, waited time.Duration) time.Duration {
	if p.waived {
		return 0
	}
	p.waited += waited
	if p.waited < courtesy {
		return courtesy - p.waited
	}
	p.waived, p.waivedUntil, p.bytes = true, now.Add(strict), 0
	return 0
}

// took notes that n bytes were fetched.
func (p *pace) took(n int, now time.Time) {
	if p.bytes += n; p.bytes < allotment {
		return
	}
	p.waited, p.bytes = 0, 0
	p.waived = p.waived && now.Before(p.waivedUntil)
}
