// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import "errors"

var (
	// ErrNotKept says that the node could not keep the log, as with a full disk.
	ErrNotKept = errors.New("the node could not keep the output: its disk takes no log")

	errTorn = errors.New("read console log: it is shorter than it was")
)

// start returns from, or the next offset at which there is output; the caller holds mu.
func (h *Hub) start(from uint64) uint64 {
	next := h.log.following(from)
	if held := h.window.end - h.window.held; held < next {
		next = max(held, from)
	}
	return next
}

// following is start for a viewer that has come to offset. One that has lost its place in a flood
// would lose the next one as well; it goes on close to the end.
func (h *Hub) following(offset uint64) uint64 {
	next := h.start(offset)
	if next > offset && offset < h.log.start() && h.window.end-next > Scrollback {
		return h.window.end - Scrollback
	}
	return next
}

// readAt fills p with output from offset on, as far as there is no gap, and returns how much that was; the
// caller holds mu. A viewer gets its scrollback in one piece, whatever files it is in: that is how a
// terminal can tell it from what comes.
func (h *Hub) readAt(offset uint64, p []byte) (int, error) {
	filled := 0
	for filled < len(p) {
		at, rest := offset+uint64(filled), p[filled:]
		n := h.window.read(at, rest)
		if n == 0 {
			var err error
			if n, err = h.log.readAt(at, rest); err != nil {
				return filled, err
			}
		}
		if n == 0 {
			break
		}
		filled += n
	}
	return filled, nil
}
