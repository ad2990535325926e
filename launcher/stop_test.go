// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/launcher/virt"
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
			agentAnswers(t, l)
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
	if _, err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbPause}); err != nil {
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
		if _, err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbShutdown}); err != nil {
			t.Error(err)
		}
		// A second request shortens the wait; a longer one would not prolong it.
		if _, err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbShutdown, GracePeriodSeconds: &seconds}); err != nil {
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
		if _, err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbKill}); err != nil {
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
		"by a panic":    {virt.EndPanicked, session.StateFailed, "GuestPanicked"},
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
