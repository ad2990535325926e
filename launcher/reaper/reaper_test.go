// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package reaper

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const deadline = 10 * time.Second

func start(t *testing.T) *Reaper {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func run(t *testing.T, r *Reaper, script string, files ...*os.File) (int, <-chan Status) {
	t.Helper()
	pid, exited, err := r.Start("/bin/sh", []string{"sh", "-c", script}, &os.ProcAttr{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return pid, exited
}

func receive(t *testing.T, exited <-chan Status) Status {
	t.Helper()
	select {
	case s := <-exited:
		return s
	case <-time.After(deadline):
		t.Fatal("no status")
	}
	panic("unreachable")
}

func TestOwnChildrenGetTheirStatus(t *testing.T) {
	r := start(t)
	for script, want := range map[string]Status{
		"exit 0":       {},
		"exit 7":       {Code: 7},
		"kill -9 $$":   {Code: -1, Signal: unix.SIGKILL},
		"sleep 0.05":   {},
		"exec /bin/no": {Code: 127},
	} {
		if _, exited := run(t, r, script); receive(t, exited) != want {
			t.Errorf("%s: status is not %v", script, want)
		}
	}
}

func TestStartReportsAMissingProgram(t *testing.T) {
	if _, _, err := start(t).Start("/does/not/exist", []string{"x"}, &os.ProcAttr{}); err == nil {
		t.Fatal("started")
	}
}

// An orphan is what QEMU is to the launcher: started by libvirtd, which lets it go.
func TestOrphansAreReapedAndTheirStatusIsKept(t *testing.T) {
	r := start(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	_, exited := run(t, r, "(sh -c 'echo $$; exit 5' &) ", nil, write)
	write.Close()
	receive(t, exited)
	buf := make([]byte, 32)
	n, err := read.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	orphan, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		t.Fatal(err)
	}
	want := Status{Code: 5}
	if got := receive(t, r.Exited(orphan)); got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestSeveralMayWaitForOneProcess(t *testing.T) {
	r := start(t)
	pid, first := run(t, r, "read x", nil)
	second := r.Exited(pid)
	if err := unix.Kill(pid, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	a, b := receive(t, first), receive(t, second)
	if a != b {
		t.Fatalf("%v and %v", a, b)
	}
}

func TestForgottenExitsAreBounded(t *testing.T) {
	r := start(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	for pid := range 10 * remembered {
		r.dispatch(1<<23+pid, Status{})
	}
	if len(r.ended) != remembered || len(r.order) != remembered {
		t.Fatalf("%d exits kept, want %d", len(r.ended), remembered)
	}
}
