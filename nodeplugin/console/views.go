// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"fmt"
	"math"
)

// maxViewers caps the viewers of one kind of one console.
const maxViewers = 64

// ErrTooManyViewers says that no more viewers are let in.
var ErrTooManyViewers = fmt.Errorf("the console has %d viewers already", maxViewers)

// View adds a viewer, which first gets the last output.
func (h *Hub) View() (*Viewer, error) {
	return h.add(Interactive, math.MaxUint64, func() (uint64, error) {
		return h.start(h.window.end - min(Scrollback, h.window.end)), nil
	})
}

// Resume adds a viewer that has seen everything up to offset.
func (h *Hub) Resume(offset uint64) (*Viewer, error) {
	return h.add(Interactive, math.MaxUint64, func() (uint64, error) { return min(offset, h.window.end), nil })
}

// Read adds a viewer that gets the log from tail on, and then what comes if it follows.
func (h *Hub) Read(tail Tail, follow bool) (*Viewer, error) {
	until := uint64(math.MaxUint64)
	if !follow {
		h.mu.Lock()
		until = h.window.end
		h.mu.Unlock()
	}
	return h.add(Reader, until, func() (uint64, error) {
		if h.log.current == nil {
			return 0, ErrNotKept
		}
		return tail.begin(h.log)
	})
}

func (h *Hub) add(kind Kind, until uint64, begin func() (uint64, error)) (*Viewer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return nil, ErrEnded
	}
	if h.count(kind) >= maxViewers {
		refused.WithLabelValues(string(kind)).Inc()
		return nil, ErrTooManyViewers
	}
	start, err := begin()
	if err != nil {
		return nil, err
	}
	h.window.open(windowSize)
	v := &Viewer{hub: h, kind: kind, ready: make(chan struct{}, 1), start: start, offset: start, until: until}
	// A guest that has ended while its launcher is gone has nothing more to say.
	v.ended = h.finished && !h.connected
	h.viewers[v] = struct{}{}
	viewers.WithLabelValues(string(kind)).Inc()
	return v, nil
}

// count returns the number of viewers of a kind; the caller holds mu.
func (h *Hub) count(kind Kind) int {
	n := 0
	for v := range h.viewers {
		if v.kind == kind {
			n++
		}
	}
	return n
}

// Viewers returns the number of viewers.
func (h *Hub) Viewers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers)
}

func (h *Hub) leave(v *Viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, present := h.viewers[v]; !present {
		return
	}
	delete(h.viewers, v)
	viewers.WithLabelValues(string(v.kind)).Dec()
	if len(h.viewers) == 0 {
		h.window.close()
		h.closeLog()
	}
	// Nobody waits for it any more.
	select {
	case h.room <- struct{}{}:
	default:
	}
}
