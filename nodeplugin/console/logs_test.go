// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

var demo = types.NamespacedName{Namespace: "tenant", Name: "demo"}

// keep writes the log of a run that put its last output out at that age.
func keep(t *testing.T, l *Logs, instance types.NamespacedName, uid, owner types.UID, output string, age time.Duration) {
	t.Helper()
	log, err := l.Open(instance, uid)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Write([]byte(output)); err != nil {
		t.Fatal(err)
	}
	if err := log.Own(owner); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-age)
	if err := os.Chtimes(log.path, then, then); err != nil {
		t.Fatal(err)
	}
}

// show returns the log of a run, or the error.
func show(l *Logs, instance types.NamespacedName, q Query, tail Tail) string {
	p, err := l.Read(instance, q, tail)
	if err != nil {
		return err.Error()
	}
	defer p.Close()
	var all strings.Builder
	for {
		piece, err := p.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return all.String()
		}
		if err != nil {
			return err.Error()
		}
		all.WriteString(piece.Note())
		all.Write(piece.Output)
	}
}

func TestRunsOfAGuestAreFound(t *testing.T) {
	l := NewLogs(t.TempDir(), DefaultLimits)
	keep(t, l, demo, "run-1", "vm", "one", 3*time.Hour)
	keep(t, l, demo, "run-3", "vm", "three", time.Hour)
	keep(t, l, demo, "run-2", "vm", "two", 2*time.Hour)
	keep(t, l, demo, "stranger", "other", "secret", time.Minute)
	long := types.NamespacedName{Namespace: strings.Repeat("n", 63), Name: strings.Repeat("m", 250)}
	keep(t, l, long, "run-9", "", "long name", time.Minute)
	two := int64(2)
	for _, c := range []struct {
		instance types.NamespacedName
		query    Query
		tail     Tail
		want     string
	}{
		{demo, Query{Owner: "vm"}, Tail{}, "three"},
		{demo, Query{Owner: "vm"}, Tail{Bytes: &two}, "ee"},
		{demo, Query{Owner: "vm", Previous: true}, Tail{}, "two"},
		{demo, Query{Owner: "vm", Run: "run-3"}, Tail{}, "three"},
		{demo, Query{Owner: "vm", Run: "run-3", Previous: true}, Tail{}, "two"},
		{demo, Query{Owner: "vm", Run: "running", Previous: true}, Tail{}, "three"},
		{demo, Query{Owner: "vm", Run: "running"}, Tail{}, ErrNoLog.Error()},
		{demo, Query{Owner: "new-vm"}, Tail{}, ErrNoLog.Error()},
		{demo, Query{}, Tail{}, ErrNoLog.Error()},
		{demo, Query{Owner: "other", Previous: true}, Tail{}, ErrNoLog.Error()},
		{long, Query{Owner: "run-9"}, Tail{}, "long name"},
		{types.NamespacedName{Namespace: "tenant", Name: "nobody"}, Query{Owner: "vm"}, Tail{}, ErrNoLog.Error()},
	} {
		if got := show(l, c.instance, c.query, c.tail); got != c.want {
			t.Errorf("%s %+v: %q, want %q", c.instance, c.query, got, c.want)
		}
	}
	for _, name := range []types.NamespacedName{{Namespace: "..", Name: "x"}, {Namespace: "tenant", Name: "../tenant/demo"}, {Namespace: "tenant"}} {
		if got := show(l, name, Query{Owner: "vm"}, Tail{}); !strings.Contains(got, "is not a name") {
			t.Errorf("%q: %q", name, got)
		}
		if _, err := l.Open(name, "uid"); err == nil {
			t.Errorf("opened a log for %q", name)
		}
	}
	if n := l.readers.Load(); n != 0 {
		t.Errorf("%d readers are left", n)
	}
}

func TestReadersOfEndedLogsAreCapped(t *testing.T) {
	l := NewLogs(t.TempDir(), DefaultLimits)
	keep(t, l, demo, "run-1", "vm", "one", time.Hour)
	for range maxReaders {
		p, err := l.Read(demo, Query{Owner: "vm"}, Tail{})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
	}
	if _, err := l.Read(demo, Query{Owner: "vm"}, Tail{}); !errors.Is(err, ErrTooManyReaders) {
		t.Errorf("one more: %v", err)
	}
}

// left returns what is kept, as NAME/UID.
func left(t *testing.T, l *Logs) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(l.dir, "*", "*", "*"+logSuffix))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		all = append(all, filepath.Base(filepath.Dir(file))+"/"+strings.TrimSuffix(filepath.Base(file), logSuffix))
	}
	return strings.Join(all, " ")
}

func TestSweepKeepsWithinTheLimits(t *testing.T) {
	guest := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "tenant", Name: name} }
	for _, c := range []struct {
		name   string
		limits Limits
		want   string
	}{
		{"all fits: two ended runs of each guest", Limits{Run: 1 << 20, Ended: 1 << 20, Age: 240 * time.Hour}, "a/a2 a/a3 b/b1 c/c1"},
		{"age", Limits{Run: 1 << 20, Ended: 1 << 20, Age: 25 * time.Hour}, "a/a2 a/a3 c/c1"},
		{"space: the oldest goes first", Limits{Run: 1 << 20, Ended: 1300, Age: 240 * time.Hour}, "a/a3 c/c1"},
		{"nothing", Limits{Run: 1 << 20}, "c/c1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := NewLogs(t.TempDir(), c.limits)
			output := strings.Repeat("x", 1000)
			keep(t, l, guest("a"), "a1", "vm", output, 3*time.Hour)
			keep(t, l, guest("a"), "a2", "vm", output, 2*time.Hour)
			keep(t, l, guest("a"), "a3", "vm", output, time.Hour)
			keep(t, l, guest("b"), "b1", "vm", output, 48*time.Hour)
			// A guest that is there keeps its log, however old.
			keep(t, l, guest("c"), "c1", "vm", strings.Repeat("x", 5000), 1000*time.Hour)
			if err := os.WriteFile(filepath.Join(l.dir, "tenant_demo_uid.log"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := l.Sweep(time.Now(), func(uid types.UID) bool { return uid == "c1" }); err != nil {
				t.Fatal(err)
			}
			if got := left(t, l); got != c.want {
				t.Errorf("left %s, want %s", got, c.want)
			}
			entries, _ := os.ReadDir(l.dir)
			if len(entries) != 1 {
				t.Errorf("%v in the directory", entries)
			}
			for _, name := range []string{"a", "b", "c"} {
				_, err := os.Stat(filepath.Join(l.dir, "tenant", name))
				if kept := strings.Contains(c.want, name+"/"); kept != (err == nil) {
					t.Errorf("directory of %s: %v", name, err)
				}
			}
		})
	}
}

func TestALogIsOpenedWhileOthersAreRemoved(t *testing.T) {
	l := NewLogs(t.TempDir(), Limits{Run: 1 << 20})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			log, err := l.Open(demo, types.UID(fmt.Sprintf("run-%d", i)))
			if err != nil {
				t.Error(err)
				return
			}
			log.Close()
		}
	}()
	for {
		if err := l.Sweep(time.Now(), func(types.UID) bool { return false }); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
