// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/agent"
	"github.com/virtplane/virtplane/launcher/reaper"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/launcher/virt"
)

const (
	// askEvery is how often a guest is asked to shut down. One that still boots misses the button, and
	// nothing outside of it tells when it begins to listen: QEMU hands a press over as soon as ACPI is
	// on, which a kernel does long before anybody in the guest waits for it. So the button is pressed
	// again until the guest ends or its grace period does; guests take further presses as the first one.
	askEvery = 3 * time.Second
	// killAfter is how long QEMU may take to close its files before it is killed the hard way.
	killAfter = 5 * time.Second
	// toldWithin is how long libvirt's word on how the guest ended is waited for.
	toldWithin = 2 * time.Second
)

// stop asks for the guest's end.
type stop struct{ grace time.Duration }

func (l *launcher) requestStop(s stop) error {
	select {
	case l.stops <- s:
		return nil
	default:
		return errors.New("the guest is being stopped")
	}
}

// supervise waits for QEMU's end and carries out stops; it returns the final state.
func (l *launcher) supervise(ctx, stopped context.Context, pid int) session.Report {
	exited := l.reaper.Exited(pid)
	terminate := stopped.Done()
	var stopping bool
	var ask, powerOff, kill <-chan time.Time
	deadline := time.Time{}
	begin := func(s stop) {
		if until := time.Now().Add(s.grace); !stopping || until.Before(deadline) {
			deadline = until
			powerOff = time.After(s.grace)
		}
		if !stopping {
			stopping = true
			l.stopping.Store(true)
			klog.FromContext(ctx).Info("Stopping the guest", "grace", s.grace)
			if s.grace > 0 {
				ask = time.After(0)
			}
		}
	}
	for {
		select {
		case status := <-exited:
			return l.ended(status, stopping)
		case <-terminate:
			terminate = nil
			begin(stop{grace: l.options.grace()})
		case s := <-l.stops:
			begin(s)
		case <-ask:
			ask = time.After(askEvery)
			if !l.mayShutDown() {
				powerOff = time.After(0)
			}
			go l.askToShutDown(ctx)
		case <-powerOff:
			ask, powerOff, kill = nil, nil, time.After(killAfter)
			_ = unix.Kill(pid, unix.SIGTERM) // QEMU writes back what it holds and ends
		case <-kill:
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
}

// mayShutDown tells that the guest can act on being asked: one that never ran has nothing to save.
func (l *launcher) mayShutDown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.everRan
}

// askToShutDown asks the guest's agent, or presses the power button where none answers, or where the
// guest does not end by it. A paused guest is let run for it.
func (l *launcher) askToShutDown(ctx context.Context) {
	if !l.mayShutDown() {
		return
	}
	log := klog.FromContext(ctx)
	h := l.current()
	l.mu.Lock()
	state := l.report.State
	l.mu.Unlock()
	if state == session.StatePaused {
		if err := h.Resume(); err != nil {
			log.Info("The paused guest cannot be resumed to shut down", "err", err)
		}
		l.refresh(ctx)
	}
	if l.agentShutsDown(ctx) {
		return
	}
	if err := h.Shutdown(); err != nil && !errors.Is(err, virt.ErrNoDomain) {
		log.Info("The guest cannot be asked to shut down", "err", err)
	}
}

// agentShutsDown tells that the guest shuts down by its agent's order. The agent is asked once; a guest
// that is still there some time later has the button pressed like any other.
func (l *launcher) agentShutsDown(ctx context.Context) bool {
	if l.obeyed.CompareAndSwap(0, -1) {
		until := int64(1)
		defer func() { l.obeyed.Store(until) }()
		if !l.orderByAgent(ctx, "shut the guest down", (*agent.Agent).PowerOff) {
			return false
		}
		until = time.Now().Add(obeyTime).UnixNano()
		return true
	}
	until := l.obeyed.Load()
	return until == -1 || time.Now().UnixNano() < until
}

// ended tells why QEMU is gone. The reaper knows first that it is; libvirt knows why.
func (l *launcher) ended(status reaper.Status, stopping bool) session.Report {
	clean := status == reaper.Status{}
	if stopping && (clean || status.Signal == unix.SIGKILL) {
		return stoppedReport()
	}
	if clean {
		select {
		case <-l.signals.Ended:
		case <-time.After(toldWithin):
		}
	}
	switch l.signals.End() {
	case virt.EndShutdown:
		return session.Report{State: session.StateShutdown, Reason: "GuestShutdown"}
	case virt.EndStopped:
		return stoppedReport()
	case virt.EndPanicked:
		return session.Report{State: session.StateFailed, Reason: "GuestPanicked", Message: "the guest's kernel has crashed"}
	}
	message := "QEMU ended unexpectedly: " + status.String()
	if status.Signal == unix.SIGKILL && outOfMemory() {
		message += ": the pod ran out of memory"
	}
	if last := lastLine(l.layout.LogFile(l.domain)); last != "" {
		message += ": " + last
	}
	return session.Report{State: session.StateFailed, Reason: "Crashed", Message: message}
}
