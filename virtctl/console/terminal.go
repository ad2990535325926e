// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"fmt"
	"os"

	"golang.org/x/term"
)

// Terminal is what keystrokes come from when a person types.
type Terminal struct{ fd int }

// TerminalOf returns the terminal behind f, or nil when f is a file or a pipe.
func TerminalOf(f *os.File) *Terminal {
	if fd := int(f.Fd()); term.IsTerminal(fd) {
		return &Terminal{fd: fd}
	}
	return nil
}

// raw hands every keystroke through, and returns how to undo that.
func (t *Terminal) raw() (restore func(), err error) {
	state, err := term.MakeRaw(t.fd)
	if err != nil {
		return nil, fmt.Errorf("switch terminal to raw mode: %w", err)
	}
	return func() {
		// There is nobody left to tell of an error.
		_ = term.Restore(t.fd, state)
	}, nil
}
