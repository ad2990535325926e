// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/launcher/libvirtd"
	"github.com/virtplane/virtplane/launcher/plugin"
	"github.com/virtplane/virtplane/launcher/reaper"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/launcher/virt"
)

const deadline = 10 * time.Second

// fakeHypervisor stands for libvirt; the guest is a process of the test.
type fakeHypervisor struct {
	// mu guards all below.
	mu      sync.Mutex
	state   session.State
	calls   []string
	onPower func()
	noAgent bool
}

func (h *fakeHypervisor) Connect(string) (<-chan struct{}, error) { return make(chan struct{}), nil }
func (h *fakeHypervisor) Warm() error                             { return nil }
func (h *fakeHypervisor) Create(string, bool) error               { return nil }

func (h *fakeHypervisor) State() (session.State, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, "", nil
}

func (h *fakeHypervisor) Describe() (virt.Description, error) {
	return virt.Description{Machine: "pc-q35-10.0"}, nil
}

func (h *fakeHypervisor) Suspend() error { return h.called("suspend", session.StatePaused) }
func (h *fakeHypervisor) Resume() error  { return h.called("resume", session.StateRunning) }

func (h *fakeHypervisor) Shutdown(agent bool) error {
	if agent {
		if h.noAgent {
			return errors.New("guest agent is not responding")
		}
		_ = h.called("agent", "")
	} else {
		_ = h.called("button", "")
	}
	if h.onPower != nil {
		h.onPower()
	}
	return nil
}

func (h *fakeHypervisor) called(call string, state session.State) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, call)
	if state != "" {
		h.state = state
	}
	return nil
}

func (h *fakeHypervisor) history() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.calls, " ")
}

// running returns a launcher whose QEMU is a shell that runs script.
func running(t *testing.T, script string) (l *launcher, h *fakeHypervisor, pid int) {
	t.Helper()
	r, err := reaper.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	ready, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	pid, exited, err := r.Start("/bin/sh", []string{"sh", "-c", script}, &os.ProcAttr{Files: []*os.File{nil, write, nil}})
	if err != nil {
		t.Fatal(err)
	}
	write.Close()
	if _, err := ready.Read(make([]byte, 16)); err != nil { // the script says when its traps are set
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(pid, unix.SIGKILL)
		<-exited
	})
	h = &fakeHypervisor{state: session.StateRunning}
	l = &launcher{
		options:    &Options{Name: "demo", Namespace: "default", GracePeriodSeconds: 60},
		domain:     "default_demo",
		layout:     libvirtd.Layout{Home: t.TempDir()},
		reaper:     r,
		signals:    virt.NewSignals(),
		stops:      make(chan stop, 8),
		hypervisor: h,
		everRan:    true,
	}
	l.session = plugin.NewSession(filepath.Join(t.TempDir(), "none"), nil, func(*session.Start) {}, l.onCommand)
	l.refresh(context.Background())
	return l, h, pid
}

const (
	// obedient ends by itself when it is asked by SIGTERM, as QEMU does.
	obedient = `trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done`
	// poweringOff ends on SIGUSR1, which stands for the guest's own doing.
	poweringOff = `trap 'exit 0' USR1; echo ready; while :; do sleep 0.01; done`
)

// supervise runs supervise until it returns.
func supervise(t *testing.T, l *launcher, pid int, act func(terminate func())) session.Report {
	t.Helper()
	stopped, terminate := context.WithCancel(context.Background())
	defer terminate()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan session.Report, 1)
	go func() { done <- l.supervise(ctx, stopped, pid) }()
	act(terminate)
	select {
	case report := <-done:
		return report
	case <-time.After(deadline):
		t.Fatal("the guest's end was not seen")
	}
	panic("unreachable")
}

func expect(t *testing.T, got session.Report, state session.State, reason string) {
	t.Helper()
	if got.State != state || got.Reason != reason {
		t.Fatalf("got %+v, want %s %s", got, state, reason)
	}
}

func TestGraceZeroEndsTheGuestAtOnce(t *testing.T) {
	l, h, pid := running(t, obedient)
	l.options.GracePeriodSeconds = 0
	got := supervise(t, l, pid, func(terminate func()) { terminate() })
	expect(t, got, session.StateShutdown, "Stopped")
	if h.history() != "" {
		t.Errorf("the guest was asked: %s", h.history())
	}
}

func TestGuestIsAskedToShutDown(t *testing.T) {
	l, h, pid := running(t, poweringOff)
	h.onPower = func() { _ = unix.Kill(pid, unix.SIGUSR1) }
	got := supervise(t, l, pid, func(terminate func()) { terminate() })
	expect(t, got, session.StateShutdown, "Stopped")
	if h.history() != "button" {
		t.Errorf("calls: %s", h.history())
	}
}

func TestAgentIsAskedBeforeTheButtonIsPressed(t *testing.T) {
	for name, broken := range map[string]bool{"agent": false, "button": true} {
		t.Run(name, func(t *testing.T) {
			l, h, pid := running(t, poweringOff)
			h.onPower = func() { _ = unix.Kill(pid, unix.SIGUSR1) }
			h.noAgent = broken
			l.report.AgentConnected = true
			supervise(t, l, pid, func(terminate func()) { terminate() })
			if h.history() != name {
				t.Errorf("calls: %s", h.history())
			}
		})
	}
}

func TestPausedGuestIsResumedToShutDown(t *testing.T) {
	l, h, pid := running(t, poweringOff)
	h.onPower = func() { _ = unix.Kill(pid, unix.SIGUSR1) }
	if err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbPause}); err != nil {
		t.Fatal(err)
	}
	supervise(t, l, pid, func(terminate func()) { terminate() })
	if h.history() != "suspend resume button" {
		t.Errorf("calls: %s", h.history())
	}
}

func TestGuestThatNeverRanIsNotWaitedFor(t *testing.T) {
	l, h, pid := running(t, obedient)
	l.everRan = false
	got := supervise(t, l, pid, func(terminate func()) { terminate() })
	expect(t, got, session.StateShutdown, "Stopped")
	if h.history() != "" {
		t.Errorf("calls: %s", h.history())
	}
}

func TestGuestThatDoesNotShutDownIsPoweredOff(t *testing.T) {
	l, h, pid := running(t, obedient)
	got := supervise(t, l, pid, func(func()) {
		seconds := int64(0)
		if err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbShutdown}); err != nil {
			t.Error(err)
		}
		// A second request shortens the wait; a longer one would not prolong it.
		if err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbShutdown, GracePeriodSeconds: &seconds}); err != nil {
			t.Error(err)
		}
	})
	expect(t, got, session.StateShutdown, "Stopped")
	if h.history() != "" && h.history() != "button" {
		t.Errorf("calls: %s", h.history())
	}
}

func TestKillEndsTheGuestAtOnce(t *testing.T) {
	l, _, pid := running(t, obedient)
	got := supervise(t, l, pid, func(func()) {
		if err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbKill}); err != nil {
			t.Error(err)
		}
	})
	expect(t, got, session.StateShutdown, "Stopped")
}

func TestCrashOfQEMUIsAFailureWithItsLastWords(t *testing.T) {
	l, _, pid := running(t, obedient)
	log := l.layout.LogFile(l.domain)
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		t.Fatal(err)
	}
	words := "starting up\nLC_ALL=C /usr/bin/qemu-system-x86_64 -name x\n2026-01-01T00:00:00Z qemu-system-x86_64: out of ideas\nshutting down\n"
	if err := os.WriteFile(log, []byte(words), 0o644); err != nil {
		t.Fatal(err)
	}
	got := supervise(t, l, pid, func(func()) { _ = unix.Kill(pid, unix.SIGSEGV) })
	expect(t, got, session.StateFailed, "Crashed")
	if !strings.Contains(got.Message, "segmentation fault") || !strings.HasSuffix(got.Message, ": out of ideas") {
		t.Errorf("message %q", got.Message)
	}
}

func TestCrashWhileStoppingIsAFailure(t *testing.T) {
	l, h, pid := running(t, poweringOff)
	h.onPower = func() { _ = unix.Kill(pid, unix.SIGSEGV) }
	got := supervise(t, l, pid, func(terminate func()) { terminate() })
	expect(t, got, session.StateFailed, "Crashed")
}

func TestVerbsAreIdempotent(t *testing.T) {
	l, h, _ := running(t, obedient)
	for _, verb := range []session.Verb{session.VerbUnpause, session.VerbPause, session.VerbPause, session.VerbUnpause, session.VerbUnpause} {
		if err := l.onCommand(context.Background(), &session.Command{Verb: verb}); err != nil {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if h.history() != "suspend resume" {
		t.Errorf("calls: %s", h.history())
	}
	if err := l.onCommand(context.Background(), &session.Command{Verb: "dance"}); err == nil {
		t.Error("an unknown verb was accepted")
	}
	l.hypervisor = nil
	if err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbPause}); err == nil {
		t.Error("a guest that does not run was paused")
	}
}

// The reaper may be faster than libvirt's word that the guest switched itself off.
func TestCleanEndOfQEMUIsExplainedByLibvirt(t *testing.T) {
	for name, tc := range map[string]struct {
		end    virt.End
		state  session.State
		reason string
	}{
		"by the guest":  {virt.EndShutdown, session.StateShutdown, "GuestShutdown"},
		"by an order":   {virt.EndStopped, session.StateShutdown, "Stopped"},
		"by a mistake":  {virt.EndCrashed, session.StateFailed, "Crashed"},
		"not explained": {virt.EndUnknown, session.StateFailed, "Crashed"},
	} {
		t.Run(name, func(t *testing.T) {
			l, _, pid := running(t, obedient)
			got := supervise(t, l, pid, func(func()) {
				_ = unix.Kill(pid, unix.SIGTERM)
				<-l.reaper.Exited(pid)
				if tc.end != virt.EndUnknown {
					l.signals.Tell(tc.end)
				}
			})
			expect(t, got, tc.state, tc.reason)
		})
	}
}
