// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"strings"
	"testing"
)

func TestScreenGoesOnWhereItWas(t *testing.T) {
	long := strings.Repeat("0123456789", 200) + "the end of what was seen"
	for _, c := range []struct {
		name, before, after, want string
	}{
		{"the server repeats and adds", long, long + "new", long + "new"},
		{"the server repeats a part of it", long, long[900:] + "new", long + "new"},
		{"the server repeats and has nothing new", long, long, long},
		{"the server repeats nothing", long, "new", long + "new"},
		{"too little was seen to find it again", "login: ", "login: ", "login: login: "},
		{"what was seen comes twice: rather too much than too little", strings.Repeat("x", memory), strings.Repeat("x", memory+5),
			strings.Repeat("x", memory+5)},
	} {
		var out bytes.Buffer
		s := &screen{out: &out}
		for _, b := range []byte(c.before) {
			s.write([]byte{b})
		}
		s.resume(Position{})
		s.write([]byte(c.after))
		s.write([]byte(" and so on"))
		if got, want := out.String(), c.want+" and so on"; got != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

func TestScreenLeavesOutOldQuestionsOnATerminal(t *testing.T) {
	old := "\x1b[31mred\x1b[0m# \x1b[6n\x1b[c\x1b[>0c\x1b[5n\x1b]11;?\x07\x1bZ\x1b[18t\x1bP+q544e\x1b\\\x1b[2Jls\x1b[H\x1b]0;title\x07"
	for _, c := range []struct {
		terminal bool
		want     string
	}{
		{true, "\x1b[31mred\x1b[0m# \x1b[2Jls\x1b[H\x1b]0;title\x07\x1b[6n"},
		{false, old + "\x1b[6n"},
	} {
		var out bytes.Buffer
		s := &screen{out: &out, terminal: c.terminal}
		s.write([]byte(old))
		// What the guest asks from now on is for this terminal.
		s.write([]byte("\x1b[6n"))
		if got := out.String(); got != c.want {
			t.Errorf("terminal %t: %q, want %q", c.terminal, got, c.want)
		}
	}
}

func TestScreenFindsItsPlaceBehindQuestions(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out, terminal: true}
	seen := strings.Repeat("# \x1b[6nls\r\n", 50)
	s.write([]byte(seen))
	s.resume(Position{})
	s.write([]byte("older" + seen + "new"))
	if got, want := out.String(), strings.ReplaceAll(seen, "\x1b[6n", "")+"new"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
