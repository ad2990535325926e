// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"testing"
)

func TestReplayAsksATerminalNothing(t *testing.T) {
	const old = "\x1b[31mred\x1b[0m# \x1b[6n\x1b[c\x1b[>0c\x1b[5n\x1b]11;?\x07\x1b]10;?\x1b\\\x1bZ\x1b[18t\x1bP+q544e\x1b\\\x1b[2Jls\x1b[H\x1b]0;title\x07end"
	const want = "\x1b[31mred\x1b[0m# \x1b[2Jls\x1b[H\x1b]0;title\x07end"
	// However the output is cut into pieces, no question comes through.
	for size := 1; size <= len(old); size++ {
		var out bytes.Buffer
		r := NewReplay(&out)
		for rest := []byte(old); len(rest) > 0; {
			n := min(size, len(rest))
			if written, err := r.Write(rest[:n]); written != n || err != nil {
				t.Fatalf("%d, %v", written, err)
			}
			rest = rest[n:]
		}
		if got := out.String(); got != want {
			t.Errorf("in pieces of %d: %q, want %q", size, got, want)
		}
	}
}

func TestReplayHoldsNoLineBack(t *testing.T) {
	var out bytes.Buffer
	r := NewReplay(&out)
	for _, text := range []string{"login: ", "\x1b]0;", string(bytes.Repeat([]byte("x"), maxHeld)), "\n"} {
		r.Write([]byte(text))
	}
	if got := out.Len(); got < maxHeld {
		t.Errorf("%d bytes came through", got)
	}
}
