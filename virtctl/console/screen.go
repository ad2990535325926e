// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"io"
	"regexp"
)

const (
	// memory is how much of the last output is remembered, in bytes, to find the place where a new connection goes on.
	memory = 1 << 10
	// minMatch is the least output that tells one place from another.
	minMatch = 64
)

// queries are the control sequences that a terminal answers as if its user typed: device status and attributes,
// terminal parameters, window reports, colours and termcap entries (the "reports" of xterm's control sequences).
var queries = regexp.MustCompile(`\x1b\[[?>=]?[0-9;]*[cn]|\x1b\[[0-9;]*x|\x1b\[(?:1[1-9]|2[01])t|\x1bZ|` +
	`\x1b\][0-9;]*\?(?:\x07|\x1b\\)|\x1bP[+$]q[^\x1b]*\x1b\\`)

// screen writes a guest's output. A server repeats the last output to whoever connects: of that, it leaves out what was
// written before, and on a terminal the questions that were answered long ago.
type screen struct {
	out io.Writer
	// terminal is set when out's reader may answer.
	terminal bool
	// at is the position that was reached, where the server tells positions.
	at Position
	// skipped is told of output that the server could not send; it may be nil.
	skipped func(bytes uint64)
	// last is the end of what the server sent.
	last []byte
	// going is set when the first output of the connection has come.
	going bool
}

// resume prepares for the output of a new connection, which begins at a position.
func (s *screen) resume(at Position) {
	// A server that knows the place goes on there, and another run of the guest repeats nothing.
	s.going = at.Run != "" && at == s.at
	if at.Run != "" && s.at.Run != "" && at.Run != s.at.Run {
		s.last = nil
	}
	s.at = at
}

// skip notes that the server could not send n bytes.
func (s *screen) skip(n uint64) {
	s.at.Offset += n
	if s.skipped != nil {
		s.skipped(n)
	}
}

func (s *screen) write(output []byte) error {
	s.at.Offset += uint64(len(output))
	if !s.going {
		s.going = true
		output = s.fresh(output)
		s.remember(output)
		if s.terminal {
			output = queries.ReplaceAll(output, nil)
		}
	} else {
		s.remember(output)
	}
	if len(output) == 0 {
		return nil
	}
	_, err := s.out.Write(output)
	return err
}

// fresh returns what follows the place that was reached before.
func (s *screen) fresh(output []byte) []byte {
	if len(s.last) < minMatch {
		return output
	}
	// The first place that fits: rather repeat some lines than lose any.
	if i := bytes.Index(output, s.last); i >= 0 {
		return output[i+len(s.last):]
	}
	return output
}

func (s *screen) remember(output []byte) {
	s.last = append(s.last, output...)
	if over := len(s.last) - memory; over > 0 {
		s.last = append([]byte(nil), s.last[over:]...)
	}
}
