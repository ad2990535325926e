// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// block is how much is read at once in search of lines, in bytes.
const block = 32 << 10

// start returns the offset of the oldest output that is kept; the end when there is none.
func (l *Log) start() uint64 { return l.following(0) }

// following returns offset if output is kept there, or the next offset at which there is some, or
// the end.
func (l *Log) following(offset uint64) uint64 {
	next := l.end
	for _, s := range []*section{l.current, l.old} {
		switch {
		case s.holds(offset):
			return offset
		case s != nil && s.size > 0 && s.start > offset && s.start < next:
			next = s.start
		}
	}
	return next
}

// readAt fills p with output from offset on; it returns 0 where none is kept.
func (l *Log) readAt(offset uint64, p []byte) (int, error) {
	for _, s := range []*section{l.current, l.old} {
		if !s.holds(offset) {
			continue
		}
		p = p[:min(uint64(len(p)), s.end()-offset)]
		n, err := s.file.ReadAt(p, int64(offset-s.start))
		if err != nil && !errors.Is(err, io.EOF) {
			return n, fmt.Errorf("read console log: %w", err)
		}
		return n, nil
	}
	return 0, nil
}

// Tail is which part of a log's end is asked for.
type Tail struct {
	// Bytes and Lines say how much, at most; nil means all.
	Bytes, Lines *int64
	// From is the offset at which a reader goes on that has had the rest; nil for one that has had nothing.
	From *uint64
}

// begin returns the offset at which the tail begins.
func (t Tail) begin(l *Log) (uint64, error) {
	if t.From != nil {
		return l.following(min(*t.From, l.end)), nil
	}
	from := l.start()
	if t.Lines != nil {
		lines, err := l.lastLines(*t.Lines)
		if err != nil {
			return 0, err
		}
		from = max(from, lines)
	}
	if t.Bytes != nil {
		from = max(from, l.end-min(uint64(max(*t.Bytes, 0)), l.end))
	}
	return l.following(from), nil
}

// lastLines returns the offset at which the last n lines begin. The newline at the very end begins
// no line.
func (l *Log) lastLines(n int64) (uint64, error) {
	if n <= 0 {
		return l.end, nil
	}
	buffer := make([]byte, block)
	// A file has no gap, so that a line does not go on from one to the other over one.
	for _, s := range []*section{l.current, l.old} {
		if s == nil {
			continue
		}
		for end := s.size; end > 0; {
			begin := max(end-block, 0)
			part := buffer[:end-begin]
			if _, err := s.file.ReadAt(part, begin); err != nil && !errors.Is(err, io.EOF) {
				return 0, fmt.Errorf("read console log: %w", err)
			}
			if s.start+uint64(end) == l.end {
				part = bytes.TrimSuffix(part, []byte{'\n'})
			}
			for i := bytes.LastIndexByte(part, '\n'); i >= 0; i = bytes.LastIndexByte(part[:i], '\n') {
				if n--; n == 0 {
					return s.start + uint64(begin) + uint64(i) + 1, nil
				}
			}
			end = begin
		}
	}
	return l.start(), nil
}
