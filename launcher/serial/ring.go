// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package serial owns the guest's first serial port: QEMU writes into a ring that never makes the
// guest wait, and readers follow the ring by absolute offsets.
package serial

import (
	"context"
	"errors"
	"io"
	"sync"
)

// RingSize is how much of the serial port's last output is kept, in bytes. Memory is used as output comes.
const RingSize = 1 << 20

// ErrOverrun is returned to a reader whose next byte has left the ring.
var ErrOverrun = errors.New("serial output was overwritten before it was read")

// Ring keeps the last bytes that were written to it, addressed by their offset since the start.
type Ring struct {
	// mu guards all below.
	mu     sync.Mutex
	buf    []byte
	end    uint64
	closed bool
	// more is closed and replaced when there is something new to read.
	more chan struct{}
	// flow is how far the reader is that output is held back for.
	flow flow
}

// NewRing returns a ring of size bytes.
func NewRing(size int) *Ring {
	return &Ring{buf: make([]byte, size), more: make(chan struct{}), flow: flow{moved: make(chan struct{}, 1)}}
}

// Write appends p; it never blocks and never fails.
func (r *Ring) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(p)
	if skip := n - len(r.buf); skip > 0 {
		p = p[skip:]
		r.end += uint64(skip)
	}
	for len(p) > 0 {
		c := copy(r.buf[r.end%uint64(len(r.buf)):], p)
		p = p[c:]
		r.end += uint64(c)
	}
	r.wake()
	return n, nil
}

// Close ends the output: readers get io.EOF after the last byte.
func (r *Ring) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		r.wake()
	}
}

func (r *Ring) wake() {
	close(r.more)
	r.more = make(chan struct{})
}

// Clamp returns offset, or the nearest offset that can still be read.
func (r *Ring) Clamp(offset uint64) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return min(max(offset, r.start()), r.end)
}

// start is the offset of the oldest byte that is kept; the caller holds mu.
func (r *Ring) start() uint64 {
	if r.end < uint64(len(r.buf)) {
		return 0
	}
	return r.end - uint64(len(r.buf))
}

// Read fills p with output from offset on and waits until there is some. It returns ErrOverrun for
// output that was overwritten, io.EOF at the end, and ctx's error.
func (r *Ring) Read(ctx context.Context, offset uint64, p []byte) (int, error) {
	for {
		n, more, err := r.tryRead(offset, p)
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (r *Ring) tryRead(offset uint64, p []byte) (int, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case offset < r.start():
		return 0, nil, ErrOverrun
	case offset < r.end:
		from := offset % uint64(len(r.buf))
		part := r.buf[from:min(uint64(len(r.buf)), from+r.end-offset)]
		return copy(p, part), nil, nil
	case r.closed:
		return 0, nil, io.EOF
	}
	return 0, r.more, nil
}
