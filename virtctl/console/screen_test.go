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
		s.resume()
		s.write([]byte(c.after))
		s.write([]byte(" and so on"))
		if got, want := out.String(), c.want+" and so on"; got != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}
