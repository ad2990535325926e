// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package libvirtd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/launcher/reaper"
)

const deadline = 10 * time.Second

// daemon runs a script in place of libvirtd until the test ends. The script finds its socket's
// directory in $XDG_RUNTIME_DIR.
func daemon(t *testing.T, script string) *Daemon {
	t.Helper()
	r, err := reaper.New()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "libvirtd")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	d := New(Layout{Home: dir}, r)
	d.program = program
	if err := os.MkdirAll(filepath.Dir(d.layout.Socket()), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(deadline):
			t.Error("Run did not end")
		}
		r.Close()
	})
	return d
}

func TestConnectWaitsForTheSocketAndForItsListener(t *testing.T) {
	d := daemon(t, `sleep 0.05; : > $XDG_RUNTIME_DIR/libvirt/libvirt-sock; exec sleep 60`)
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	tries := 0
	want := make(chan struct{})
	lost, err := d.Connect(ctx, func(socket string) (<-chan struct{}, error) {
		if _, err := os.Stat(socket); err != nil {
			t.Errorf("connected too early: %v", err)
		}
		if tries++; tries < 3 {
			return nil, errors.New("connection refused")
		}
		return want, nil
	})
	if err != nil || lost != want || tries != 3 {
		t.Fatalf("%d tries, %v", tries, err)
	}
}

func TestConnectTellsWhyItGaveUp(t *testing.T) {
	d := daemon(t, `exec sleep 60`)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := d.Connect(ctx, func(string) (<-chan struct{}, error) { return nil, nil })
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestDaemonThatDiesIsStartedAgain(t *testing.T) {
	d := daemon(t, `echo $$ >> $HOME/pids; exec sleep 60`)
	first := pids(t, d, 1)[0]
	if err := unix.Kill(first, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if second := pids(t, d, 2)[1]; second == first {
		t.Fatal("the same process")
	}
}

// pids waits until the script has run n times.
func pids(t *testing.T, d *Daemon, n int) []int {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(deadline); time.Now().Before(end); <-tick.C {
		raw, _ := os.ReadFile(filepath.Join(d.layout.Home, "pids"))
		if lines := strings.Fields(string(raw)); len(lines) >= n {
			var out []int
			for _, line := range lines {
				pid := 0
				for _, c := range line {
					pid = 10*pid + int(c-'0')
				}
				out = append(out, pid)
			}
			return out
		}
	}
	t.Fatalf("not started %d times", n)
	return nil
}

func TestPrepareInstallsTheConfiguration(t *testing.T) {
	templates, home := t.TempDir(), t.TempDir()
	for _, name := range []string{"libvirtd.conf", "qemu.conf"} {
		if err := os.WriteFile(filepath.Join(templates, name), []byte(name), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	l := Layout{Home: home}
	if _, err := l.Prepare(templates); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"libvirtd.conf", "qemu.conf"} {
		if got, err := os.ReadFile(filepath.Join(home, ".config/libvirt", name)); err != nil || string(got) != name {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := l.Prepare(t.TempDir()); err == nil {
		t.Error("missing templates are no error")
	}
}

// sun_path has 108 bytes; libvirt's longest socket is the agent's.
func TestSocketPathsFit(t *testing.T) {
	l := Layout{Home: "/var/run/kubevirt-private"}
	agent := filepath.Join(l.cache(), "libvirt/qemu/run/channel", "99-"+strings.Repeat("x", 20), "org.qemu.guest_agent.0")
	monitor := filepath.Join(l.config(), "libvirt/qemu/lib", "domain-99-"+strings.Repeat("x", 20), "monitor.sock")
	for _, path := range []string{agent, monitor, l.Socket()} {
		if len(path) > 107 {
			t.Errorf("%s has %d bytes", path, len(path))
		}
	}
}
