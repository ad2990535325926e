// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"io"
	"regexp"
)

// maxHeld caps what is held back because a control sequence may go on, in bytes.
const maxHeld = 256

// begun matches a control sequence at the end of some output that may become one of the queries.
var begun = regexp.MustCompile(`\x1b(?:\[[?>=]?[0-9;]*|\][0-9;?]*\x1b?|P(?:[+$](?:q[^\x1b]*\x1b?)?)?)?$`)

// Replay writes old output to a terminal without the questions in it: the terminal would answer as if its user typed.
type Replay struct {
	out  io.Writer
	held []byte
}

// NewReplay returns a Replay that writes to out.
func NewReplay(out io.Writer) *Replay { return &Replay{out: out} }

// Write writes output, but for the beginning of a control sequence at its end, which waits for its rest.
func (r *Replay) Write(output []byte) (int, error) {
	all := queries.ReplaceAll(append(r.held, output...), nil)
	r.held = nil
	last := max(0, len(all)-maxHeld)
	if at := begun.FindIndex(all[last:]); at != nil {
		r.held = bytes.Clone(all[last+at[0]:])
		all = all[:last+at[0]]
	}
	if _, err := r.out.Write(all); err != nil {
		return 0, err
	}
	return len(output), nil
}
