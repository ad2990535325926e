// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"strconv"
	"testing"
)

// readCPIO reads a "newc" archive: what the kernel would see, by path.
func readCPIO(t *testing.T, raw []byte) map[string]struct {
	mode    uint64
	content string
} {
	t.Helper()
	files := map[string]struct {
		mode    uint64
		content string
	}{}
	field := func(i int) uint64 {
		value, err := strconv.ParseUint(string(raw[6+8*i:14+8*i]), 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	align := func(n uint64) uint64 { return (n + 3) &^ 3 }
	for {
		if len(raw) < 110 || string(raw[:6]) != "070701" {
			t.Fatalf("no header where one should be: %.20q", raw)
		}
		mode, size, nameSize := field(1), field(6), field(11)
		name := string(raw[110 : 110+nameSize-1])
		raw = raw[align(110+nameSize):]
		if name == "TRAILER!!!" {
			return files
		}
		files[name] = struct {
			mode    uint64
			content string
		}{mode, string(raw[:size])}
		raw = raw[align(size):]
	}
}

func TestCPIOHoldsWhatTheKernelNeeds(t *testing.T) {
	tree := NewTree()
	tree.Bytes("init", 0o755, []byte("abcde")) // a length that needs padding
	tree.Bytes("modules/list", 0o644, []byte("x\n"))
	tree.Symlink("lib", "usr/lib")
	var out bytes.Buffer
	if err := tree.WriteCPIO(&out); err != nil {
		t.Fatal(err)
	}
	files := readCPIO(t, out.Bytes())
	for name, want := range map[string]struct {
		mode    uint64
		content string
	}{
		"init": {0o100755, "abcde"}, "modules": {0o040755, ""}, "modules/list": {0o100644, "x\n"},
		"lib": {0o120777, "usr/lib"}, "dev": {0o040755, ""}, "dev/console": {0o020600, ""},
	} {
		if got := files[name]; got.mode != want.mode || got.content != want.content {
			t.Errorf("%s: mode %o, content %q, want %o, %q", name, got.mode, got.content, want.mode, want.content)
		}
	}
}
