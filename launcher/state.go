// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"
	"time"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/launcher/virt"
)

const reconnectPause = 100 * time.Millisecond

// follow keeps the report up to date with libvirt's events, and the connection with libvirtd alive.
func (l *launcher) follow(ctx context.Context, lost <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.signals.Changed:
			l.refresh(ctx)
		case <-lost:
			klog.FromContext(ctx).Info("Connection to libvirtd lost, the guest runs on")
			if lost = l.reconnect(ctx); lost == nil {
				return
			}
			l.refresh(ctx)
		}
	}
}

// reconnect connects to a new libvirtd; it returns nil when ctx ends first.
func (l *launcher) reconnect(ctx context.Context) <-chan struct{} {
	for ctx.Err() == nil {
		if l.daemon.Ready(ctx) != nil {
			return nil
		}
		lost, err := l.current().Connect(l.layout.Socket())
		if err == nil {
			klog.FromContext(ctx).Info("Connected to libvirtd again")
			return lost
		}
		select {
		case <-time.After(reconnectPause):
		case <-ctx.Done():
		}
	}
	return nil
}

// current is the hypervisor, nil until the guest runs.
func (l *launcher) current() Hypervisor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hypervisor
}

// refresh reads the guest's state and tells the plugin.
func (l *launcher) refresh(ctx context.Context) {
	info, err := l.current().Info()
	if err != nil {
		if !errors.Is(err, virt.ErrNoDomain) { // its end is told by whoever reaps QEMU
			klog.FromContext(ctx).Info("State of the guest is not known", "err", err)
		}
		return
	}
	if info.State == session.StateStarting {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.everRan = l.everRan || info.State == session.StateRunning
	l.report.State, l.report.Reason = info.State, info.Reason
	l.report.Machine, l.report.MemoryKiB = info.Machine, info.MemoryKiB
	l.report.AgentConnected = info.AgentConnected
	l.send()
}

// publish tells the plugin a state that libvirt does not know of.
func (l *launcher) publish(report session.Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.State, l.report.Reason, l.report.Message = report.State, report.Reason, report.Message
	l.send()
	if report.State == session.StateShutdown || report.State == session.StateFailed {
		l.final = true
	}
}

// send hands the report to the session, unless the final one was; the caller holds mu.
func (l *launcher) send() {
	if !l.final {
		l.session.Publish(l.report)
	}
}
