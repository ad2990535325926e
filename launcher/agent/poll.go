// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"time"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/guestinfo"
)

const (
	// pollEvery is how often the guest's NICs are asked for, freezeEvery whether its file systems are
	// frozen, which the launcher knows of its own doing, and systemEvery what hardly ever changes.
	pollEvery   = 10 * time.Second
	freezeEvery = 30 * time.Second
	systemEvery = 5 * time.Minute
	// pollSlowest is how seldom an agent is asked that does not answer.
	pollSlowest = time.Minute
	// pollPause keeps a guest that opens and closes the channel all the time from causing more.
	pollPause = time.Second
	// pollLimit is for one round.
	pollLimit = 10 * time.Second
)

// poller follows one connection of the agent.
type poller struct {
	*Agent
	epoch     int
	failures  int
	freezeDue time.Time
	systemDue time.Time
}

// Run follows what the agent says until ctx ends.
func (a *Agent) Run(ctx context.Context) {
	p := &poller{Agent: a}
	for {
		var due <-chan time.Time
		began := time.Now()
		if wait := p.poll(ctx); wait > 0 {
			due = time.After(wait)
		} else {
			began = time.Time{}
		}
		select {
		case <-due:
		case <-a.wake:
			select {
			case <-time.After(pollPause - time.Since(began)):
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			close(a.stopped)
			return
		}
	}
}

// poll asks the agent once and returns when to ask again; 0 when that makes no sense before something changes.
func (p *poller) poll(ctx context.Context) time.Duration {
	p.mu.Lock()
	epoch, ask := p.Agent.epoch, p.connected && p.running
	p.mu.Unlock()
	if !ask {
		return 0
	}
	if epoch != p.epoch {
		*p = poller{Agent: p.Agent, epoch: epoch}
	}
	limited, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	err := p.look(limited)
	p.conclude(err == nil)
	if err == nil {
		p.failures = 0
		return pollEvery
	}
	p.failures++
	klog.FromContext(ctx).V(2).Info("The guest agent does not answer", "err", err, "times", p.failures)
	return min(pollEvery<<min(p.failures, 8), pollSlowest)
}

// look asks what is due. It returns an error when the agent is silent; what it refuses to tell is left out.
func (p *poller) look(ctx context.Context) error {
	now := time.Now()
	if frozen, changes := p.frozen(); frozen || !now.Before(p.freezeDue) {
		status, err := p.freezeStatus(ctx)
		if silent(err) {
			return err
		}
		p.freezeDue = now.Add(freezeEvery)
		p.learn(func(s *guestinfo.Status) {
			// A command may have changed it since it was asked for.
			if _, since := p.frozenLocked(); since == changes && err == nil {
				s.Frozen = status == guestinfo.Frozen
			}
		})
	}
	if p.Frozen() {
		return nil // it answers nothing else now
	}
	interfaces, err := p.interfaces(ctx)
	if silent(err) {
		return err
	}
	// An agent may refuse for a moment, as in a guest that was just paused: what it said before stays.
	if err == nil {
		p.learn(func(s *guestinfo.Status) { s.Interfaces = interfaces })
	}
	if now.Before(p.systemDue) {
		return nil
	}
	os, osErr := p.os(ctx)
	if silent(osErr) {
		return osErr
	}
	_, supported, err := p.commands(ctx)
	if silent(err) {
		return err
	}
	p.systemDue = now.Add(systemEvery)
	p.learn(func(s *guestinfo.Status) {
		if osErr == nil {
			s.OS = os
		}
		if err == nil {
			s.Missing = missing(supported)
		}
	})
	return nil
}

// learn changes the status unless the agent has gone since; what was passed on stays as it is.
func (p *poller) learn(change func(*guestinfo.Status)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Agent.epoch != p.epoch || !p.connected {
		return
	}
	next := guestinfo.Status{}
	if p.status != nil {
		next = *p.status
	}
	change(&next)
	p.status = next.Bound()
}

// conclude notes that the agent was asked.
func (p *poller) conclude(answers bool) {
	p.mu.Lock()
	current := p.Agent.epoch == p.epoch && p.connected
	if current {
		p.polled, p.answers = true, answers
	}
	p.mu.Unlock()
	if current {
		p.changed()
	}
}
