// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/agent"
	"github.com/virtplane/virtplane/launcher/agent/probe"
	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// agentTime is how long a command for the agent may take; the node plugin waits a little longer.
	agentTime = 8 * time.Second
	// orderTime is how long the agent may take to accept that the guest shall shut down or reboot,
	// before the power button is pressed.
	orderTime = 3500 * time.Millisecond
	// obeyTime is how long a guest may take to end by its agent's order before the button is pressed as well.
	obeyTime = 10 * time.Second
)

func (l *launcher) agentSocket() string { return filepath.Join(l.layout.Home, "virt-agent") }

// serveAgent waits for QEMU to connect the agent's channel.
func (l *launcher) serveAgent(ctx context.Context) error {
	line, err := agent.Listen(l.agentSocket())
	if err != nil {
		return err
	}
	l.line = line
	go line.Run(ctx)
	return nil
}

// followAgent begins to follow the guest's agent.
func (l *launcher) followAgent(ctx context.Context, channel agent.Channel, interfaces []session.Interface) {
	var macs []string
	for _, nic := range interfaces {
		macs = append(macs, nic.MAC)
	}
	a := agent.New(channel, macs, l.agentChanged)
	l.mu.Lock()
	l.agent = a
	l.mu.Unlock()
	go a.Run(ctx)
}

// agentChanged tells the plugin what the agent says.
func (l *launcher) agentChanged() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.report.State != session.StateRunning && l.report.State != session.StatePaused {
		return
	}
	l.report.AgentConnected, l.report.Agent = l.agent.Status()
	l.send()
}

// guestAgent returns the agent, nil until the guest runs.
func (l *launcher) guestAgent() *agent.Agent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.agent
}

// onAgent carries out a verb that is the agent's. It never waits for one that does not answer longer
// than agentTime.
func (l *launcher) onAgent(ctx context.Context, c *session.Command) (any, error) {
	a := l.guestAgent()
	if a == nil {
		return nil, errNotRunning
	}
	ctx, cancel := context.WithTimeout(ctx, agentTime)
	defer cancel()
	switch c.Verb {
	case session.VerbGuestInfo:
		return a.Info(ctx)
	case session.VerbUsers:
		return a.Users(ctx)
	case session.VerbFilesystems:
		return a.Filesystems(ctx)
	case session.VerbFreeze:
		var options session.FreezeOptions
		if len(c.Arguments) > 0 {
			if err := json.Unmarshal(c.Arguments, &options); err != nil {
				return nil, fmt.Errorf("decode arguments of %s: %w", c.Verb, err)
			}
		}
		if l.stopping.Load() {
			return nil, errStopping
		}
		seconds := min(max(options.ThawAfterSeconds, 0), math.MaxInt32)
		return nil, a.Freeze(ctx, time.Duration(seconds)*time.Second)
	case session.VerbUnfreeze:
		return nil, a.Thaw(ctx)
	}
	return nil, errors.New(session.UnknownVerb(c.Verb))
}

// orderByAgent gives the guest an order by its agent; false when the agent cannot be relied on.
func (l *launcher) orderByAgent(ctx context.Context, what string, order func(*agent.Agent, context.Context) error) bool {
	a := l.guestAgent()
	if a == nil || !a.Answers() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, orderTime)
	defer cancel()
	if err := order(a, ctx); err != nil {
		klog.FromContext(ctx).Info("The guest agent does not "+what+"; the power button is pressed", "err", err)
		return false
	}
	return true
}

// serveProbes answers the probes that are the agent's, if the instance has any.
func (l *launcher) serveProbes(ctx context.Context, vmi *v1.VirtualMachineInstance) error {
	for _, p := range []*v1.Probe{vmi.Spec.LivenessProbe, vmi.Spec.ReadinessProbe} {
		if p == nil || p.Exec == nil && p.GuestAgentPing == nil {
			continue
		}
		server, err := probe.Listen(probe.Socket, func() probe.Guest {
			if a := l.guestAgent(); a != nil {
				return a
			}
			return nil
		})
		if err != nil {
			return err
		}
		go server.Run(ctx)
		return nil
	}
	return nil
}
