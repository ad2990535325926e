// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"io"
)

const (
	// memory is how much of the last output is remembered, in bytes, to find the place where a new connection goes on.
	memory = 1 << 10
	// minMatch is the least output that tells one place from another.
	minMatch = 64
)

// screen writes output and, since a server repeats the last output to whoever connects, cuts off what was written
// before.
type screen struct {
	out io.Writer
	// last is the end of what was written.
	last []byte
	// resumed is set until the first output of a new connection has come.
	resumed bool
}

// resume prepares for the output of a new connection.
func (s *screen) resume() { s.resumed = true }

func (s *screen) write(output []byte) error {
	if s.resumed {
		s.resumed = false
		if len(s.last) >= minMatch {
			// The first place that fits: rather repeat some lines than lose any.
			if i := bytes.Index(output, s.last); i >= 0 {
				output = output[i+len(s.last):]
			}
		}
	}
	if len(output) == 0 {
		return nil
	}
	s.last = append(s.last, output...)
	if over := len(s.last) - memory; over > 0 {
		s.last = append([]byte(nil), s.last[over:]...)
	}
	_, err := s.out.Write(output)
	return err
}
