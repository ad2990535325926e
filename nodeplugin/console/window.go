// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

// window holds the last output in memory, addressed by offset, for viewers that keep up. A window
// without a buffer holds nothing and knows where the output ends.
type window struct {
	buffer []byte
	end    uint64
	held   uint64
}

// open makes it hold what comes from now on.
func (w *window) open(size int) {
	if w.buffer == nil {
		w.buffer = make([]byte, size)
	}
}

// close frees the memory.
func (w *window) close() { w.buffer, w.held = nil, 0 }

// move lets the output go on at offset.
func (w *window) move(offset uint64) {
	if offset != w.end {
		w.end, w.held = offset, 0
	}
}

func (w *window) write(p []byte) {
	size := uint64(len(w.buffer))
	if size == 0 {
		w.end += uint64(len(p))
		return
	}
	w.held = min(size, w.held+uint64(len(p)))
	if skip := len(p) - len(w.buffer); skip > 0 {
		w.end += uint64(skip)
		p = p[skip:]
	}
	for len(p) > 0 {
		n := copy(w.buffer[w.end%size:], p)
		w.end += uint64(n)
		p = p[n:]
	}
}

// read copies output from offset on into p; it returns 0 for what is not held.
func (w *window) read(offset uint64, p []byte) int {
	if offset >= w.end || w.end-offset > w.held {
		return 0
	}
	p = p[:min(uint64(len(p)), w.end-offset)]
	n := copy(p, w.buffer[offset%uint64(len(w.buffer)):])
	return n + copy(p[n:], w.buffer)
}
