// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/launcher/virt"
)

// follow keeps the report up to date with libvirt's events, and the connection with libvirtd alive.
func (l *launcher) follow(ctx context.Context, lost <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.signals.Changed:
			l.refresh(ctx)
			l.trim.Reset(trimAfter)
		case <-lost:
			klog.FromContext(ctx).Info("Connection to libvirtd lost, the guest runs on")
			var err error
			if lost, err = l.daemon.Connect(ctx, l.current().Connect); err != nil {
				return // the launcher ends
			}
			klog.FromContext(ctx).Info("Connected to libvirtd again")
			l.describe(ctx)
			l.refresh(ctx)
			l.trim.Reset(trimAfter)
		}
	}
}

// current is the hypervisor, nil until the guest runs.
func (l *launcher) current() Hypervisor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hypervisor
}

// describe reads what stays the same while the guest runs; the next refresh tells it.
func (l *launcher) describe(ctx context.Context) {
	description, err := l.current().Describe()
	if err != nil {
		klog.FromContext(ctx).Info("Description of the guest is not known", "err", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.Machine, l.report.MemoryKiB = description.Machine, description.MemoryKiB
}

// refresh reads the guest's state and tells the plugin.
func (l *launcher) refresh(ctx context.Context) {
	state, reason, err := l.current().State()
	if err != nil {
		if !errors.Is(err, virt.ErrNoDomain) { // its end is told by whoever reaps QEMU
			klog.FromContext(ctx).Info("State of the guest is not known", "err", err)
		}
		return
	}
	if state == session.StateStarting {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.everRan = l.everRan || state == session.StateRunning
	l.report.State, l.report.Reason = state, reason
	if l.agent != nil {
		l.agent.Observe(l.signals.AgentConnected(), state == session.StateRunning)
		l.report.AgentConnected, l.report.Agent = l.agent.Status()
	}
	l.send()
}

// publish tells the plugin a state that libvirt does not know of.
func (l *launcher) publish(report session.Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.State, l.report.Reason, l.report.Message = report.State, report.Reason, report.Message
	final := report.State == session.StateShutdown || report.State == session.StateFailed
	if final {
		l.report.AgentConnected, l.report.Agent = false, nil
	}
	l.send()
	l.final = l.final || final
}

// send hands the report to the session, unless the final one was; the caller holds mu.
func (l *launcher) send() {
	if !l.final {
		l.session.Publish(l.report)
	}
}
