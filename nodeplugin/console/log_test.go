// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/utils/ptr"
)

// tailOf returns the last n bytes that l keeps.
func tailOf(t *testing.T, l *Log, n int64) string {
	t.Helper()
	offset, err := Tail{Bytes: ptr.To(n)}.begin(l)
	if err != nil {
		t.Fatal(err)
	}
	return readFrom(t, l, offset)
}

func readFrom(t *testing.T, l *Log, offset uint64) string {
	t.Helper()
	var all []byte
	for offset < l.end {
		if next := l.following(offset); next > offset {
			all = fmt.Appendf(all, "<%d>", next-offset)
			offset = next
			continue
		}
		part := make([]byte, 7)
		n, err := l.readAt(offset, part)
		if err != nil || n == 0 {
			t.Fatalf("read at %d: %d, %v", offset, n, err)
		}
		all = append(all, part[:n]...)
		offset += uint64(n)
	}
	return string(all)
}

func TestLogIsCappedAndKeepsOneOlder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	l, err := openLog(path, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for i := range 500 {
		line := fmt.Sprintf("line %d\n", i)
		all.WriteString(line)
		if _, err := l.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if l.Offset() != uint64(all.Len()) {
			t.Fatalf("offset %d after %d bytes", l.Offset(), all.Len())
		}
	}
	entries, _ := os.ReadDir(dir)
	size := int64(0)
	for _, e := range entries {
		info, _ := e.Info()
		size += info.Size()
	}
	if len(entries) != 3 || size > 2100 {
		t.Fatalf("%v with %d bytes", entries, size)
	}
	if tail := tailOf(t, l, 1200); len(tail) != 1200 || !strings.HasSuffix(all.String(), tail) {
		t.Fatalf("tail of %d bytes %q", len(tail), tail)
	}
	l.Close()
	again, err := openLog(path, 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Offset() != uint64(all.Len()) {
		t.Fatalf("reopened at %d, want %d", again.Offset(), all.Len())
	}
}

// TestLogSurvivesAKillWhileItIsPutAside stops after each step of the change of files.
func TestLogSurvivesAKillWhileItIsPutAside(t *testing.T) {
	for _, tc := range []struct {
		name string
		kill func(t *testing.T, path string)
	}{
		{"index written", func(t *testing.T, path string) {}},
		{"old one renamed", func(t *testing.T, path string) { mustRename(t, path, path+oldSuffix) }},
		{"new one renamed", func(t *testing.T, path string) {
			mustRename(t, path, path+oldSuffix)
			mustRename(t, path+nextSuffix, path)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			l, err := openLog(path, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			l.SkipTo(7000)
			if _, err := l.Write([]byte("0123456789")); err != nil {
				t.Fatal(err)
			}
			// What install does, up to the step at which it is killed.
			next, err := os.Create(path + nextSuffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.writeIndex(l.current, &section{file: next, start: 7010}); err != nil {
				t.Fatal(err)
			}
			tc.kill(t, path)
			l, err = openLog(path, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if l.Offset() != 7010 {
				t.Fatalf("offset %d", l.Offset())
			}
			if tail := tailOf(t, l, 100); tail != "0123456789" {
				t.Fatalf("tail %q", tail)
			}
		})
	}
}

func mustRename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestLinkInPlaceOfALogIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(target, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	l, err := openLog(path, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Write([]byte("output"))
	if got, _ := os.ReadFile(target); string(got) != "secret" {
		t.Fatalf("wrote through a link: %q", got)
	}
}

func TestGapsAreKnownAlsoAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := openLog(path, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	l.SkipTo(10)
	l.Write([]byte("first"))
	l.SkipTo(100)
	l.Write([]byte("second"))
	want := "first<85>second"
	if got := readFrom(t, l, 10); got != want || l.start() != 10 || l.Offset() != 106 {
		t.Errorf("%q from %d to %d", got, l.start(), l.Offset())
	}
	l.Close()
	if l, err = openLog(path, 1<<20); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := readFrom(t, l, 10); got != want || l.start() != 10 || l.Offset() != 106 {
		t.Errorf("opened again: %q from %d to %d", got, l.start(), l.Offset())
	}
}

func TestLastLines(t *testing.T) {
	for _, c := range []struct {
		output string
		lines  int64
		want   string
	}{
		{"one\ntwo\nthree\n", 1, "three\n"},
		{"one\ntwo\nthree\n", 2, "two\nthree\n"},
		{"one\ntwo\nthree\n", 3, "one\ntwo\nthree\n"},
		{"one\ntwo\nthree\n", 1 << 60, "one\ntwo\nthree\n"},
		{"one\ntwo\nlogin: ", 1, "login: "},
		{"one\ntwo\nlogin: ", 2, "two\nlogin: "},
		{"\n\n\n", 1, "\n"},
		{"\n\n\n", 2, "\n\n"},
		{"no line", 1, "no line"},
		{"", 5, ""},
		{"anything\n", 0, ""},
		{strings.Repeat("x", 3*block) + "\nend\n", 2, strings.Repeat("x", 3*block) + "\nend\n"},
		{"first\n" + strings.Repeat("x", 3*block) + "\nend\n", 2, strings.Repeat("x", 3*block) + "\nend\n"},
	} {
		// Whatever the files are, the lines are the same.
		for _, capacity := range []int64{1 << 20, 5} {
			l, err := openLog(filepath.Join(t.TempDir(), "log"), capacity)
			if err != nil {
				t.Fatal(err)
			}
			half := len(c.output) / 2
			if capacity == 5 && half > 0 {
				l.Write([]byte(c.output[:half]))
				l.Write([]byte(c.output[half:]))
			} else {
				l.Write([]byte(c.output))
			}
			offset, err := Tail{Lines: &c.lines}.begin(l)
			if got := readFrom(t, l, offset); got != c.want || err != nil {
				t.Errorf("%d lines of %.40q: %.40q, %v", c.lines, c.output, got, err)
			}
			l.Close()
		}
	}
}

func TestDiskThatIsFullForAWhileLeavesAGap(t *testing.T) {
	dir := t.TempDir()
	l, err := openLog(filepath.Join(dir, "log"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	l.Write([]byte("before"))
	file := l.current.file
	l.current.file, _ = os.Open(os.DevNull) // takes no writes
	if _, err := l.Write([]byte("lost")); err == nil {
		t.Fatal("no error")
	}
	l.current.file.Close()
	l.current.file = file
	if _, err := l.Write([]byte("after")); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := readFrom(t, l, 0); got != "before<4>after" {
		t.Errorf("%q", got)
	}
}
