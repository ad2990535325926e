// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"
	"time"
)

const (
	// Scrollback is how much past output a viewer sees at once, in bytes.
	Scrollback = 64 << 10
	// windowSize is how far a viewer may lag behind, in bytes, without output being read from the
	// disk again. Where the disk takes no log it is all there is.
	windowSize = 256 << 10
	// maxPiece caps what a viewer is given at once, in bytes.
	maxPiece = 64 << 10
)

// Kind is what a viewer is there for.
type Kind string

// Interactive viewers see what comes, after some scrollback; readers want the log.
const (
	Interactive Kind = "console"
	Reader      Kind = "log"
)

// Piece is a part of the output.
type Piece struct {
	// Skipped is how many bytes between the last piece and this one are not to be had.
	Skipped uint64
	// Output is empty where nothing follows what was skipped yet. It is valid until the next call.
	Output []byte
}

// buffers are lent to viewers that have output on its way: most consoles are silent most of the time.
var buffers = sync.Pool{New: func() any { return new([maxPiece]byte) }}

// Note tells people what was skipped, on a line of its own; it is empty when nothing was.
func (p Piece) Note() string {
	if p.Skipped == 0 {
		return ""
	}
	return fmt.Sprintf("\r\n[virtplane: %d bytes of output skipped]\r\n", p.Skipped)
}

// Viewer follows a console. It holds no output itself: what it does not fetch in time is skipped.
type Viewer struct {
	hub  *Hub
	kind Kind
	// start is the offset of its first output.
	start uint64
	// lent holds the last piece; nil between pieces.
	lent *[maxPiece]byte

	// The hub's mutex guards what follows.

	// offset is where the next piece begins, and until where the last one ends.
	offset, until uint64
	ended         bool
	pace          pace
	// ready holds a token when there is output or an end to fetch.
	ready chan struct{}
}

// Start returns the offset of the first output.
func (v *Viewer) Start() uint64 { return v.start }

// Next returns output as it comes. It returns io.EOF when the console has ended, and ctx's error.
func (v *Viewer) Next(ctx context.Context) (Piece, error) {
	for {
		v.giveBack()
		piece, err := v.take()
		if err != nil || piece.Skipped > 0 || len(piece.Output) > 0 {
			sentBytes.WithLabelValues(string(v.kind)).Add(float64(len(piece.Output)))
			skippedBytes.WithLabelValues(string(v.kind)).Add(float64(piece.Skipped))
			return piece, err
		}
		select {
		case <-v.ready:
		case <-ctx.Done():
			return Piece{}, ctx.Err()
		}
	}
}

func (v *Viewer) giveBack() {
	if v.lent != nil {
		buffers.Put(v.lent)
		v.lent = nil
	}
}

// take returns what there is; an empty piece when that is nothing yet.
func (v *Viewer) take() (Piece, error) {
	h := v.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	var piece Piece
	if next := h.following(v.offset); next > v.offset {
		piece.Skipped = min(next, v.until) - v.offset
		v.offset = next
	}
	// After a launcher that began anew the output may end earlier than it did.
	v.offset = min(v.offset, h.window.end)
	if left := min(h.window.end, v.until) - min(v.offset, v.until); left > 0 {
		v.lent = buffers.Get().(*[maxPiece]byte)
		piece.Output = v.lent[:min(left, maxPiece)]
		n, err := h.readAt(v.offset, piece.Output)
		switch {
		case err != nil:
			return Piece{}, err
		case n == 0:
			return Piece{}, errTorn
		}
		piece.Output = piece.Output[:n]
		v.offset += uint64(n)
		v.pace.took(n, time.Now())
		select {
		case h.room <- struct{}{}:
		default:
		}
		return piece, nil
	}
	if piece.Skipped == 0 && (v.ended || v.until != math.MaxUint64) {
		return Piece{}, io.EOF
	}
	return piece, nil
}

// lag is how much it has not fetched yet; the caller holds the hub's mutex.
func (v *Viewer) lag() uint64 { return v.hub.window.end - min(v.offset, v.hub.window.end) }

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

// Close lets the console go. It must not be called while Next is.
func (v *Viewer) Close() {
	v.giveBack()
	v.hub.leave(v)
}
