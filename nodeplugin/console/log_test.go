// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

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
	if tail := string(l.Tail(1200)); len(tail) != 1200 || !strings.HasSuffix(all.String(), tail) {
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
			l, err := OpenLog(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.SkipTo(7000); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Write([]byte("0123456789")); err != nil {
				t.Fatal(err)
			}
			// What install does, up to the step at which it is killed.
			next, err := os.Create(path + nextSuffix)
			if err != nil {
				t.Fatal(err)
			}
			info, _ := next.Stat()
			current, _ := l.file.Stat()
			if err := l.writeIndex(map[string]int64{inode(info): 7010, inode(current): l.start}); err != nil {
				t.Fatal(err)
			}
			tc.kill(t, path)
			l, err = OpenLog(path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if l.Offset() != 7010 {
				t.Fatalf("offset %d", l.Offset())
			}
			if tail := string(l.Tail(100)); tail != "0123456789" {
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
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Write([]byte("output"))
	if got, _ := os.ReadFile(target); string(got) != "secret" {
		t.Fatalf("wrote through a link: %q", got)
	}
}

func TestSweepRemovesLogsOfInstancesThatAreGone(t *testing.T) {
	logs := Logs{Dir: t.TempDir()}
	long := strings.Repeat("n", 250)
	for _, uid := range []types.UID{"here", "gone"} {
		l, err := openLog(logs.Path(types.NamespacedName{Namespace: "ns", Name: long}, uid), 10)
		if err != nil {
			t.Fatal(err)
		}
		l.Write([]byte("12345678"))
		l.Write([]byte("12345678"))
		l.Close()
	}
	if n := logs.Sweep(func(uid types.UID) bool { return uid == "here" }); n != 3 {
		t.Fatalf("removed %d files", n)
	}
	entries, _ := os.ReadDir(logs.Dir)
	for _, e := range entries {
		if strings.Contains(e.Name(), "gone") {
			t.Fatalf("%s is left", e.Name())
		}
	}
	if len(entries) != 3 {
		t.Fatalf("left %v", entries)
	}
}
