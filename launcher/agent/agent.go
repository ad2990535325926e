// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package agent speaks with the QEMU guest agent: it follows what the agent says of the guest, and asks
// it to freeze, to shut down and to run commands. The agent is the guest's: it may answer late, never,
// twice or with nonsense. The launcher reads the channel itself; libvirt only tells when somebody in the guest
// has opened it. One command at a time is on its way.
package agent

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/virtplane/virtplane/launcher/guestinfo"
	"github.com/virtplane/virtplane/launcher/session"
)

// Channel carries commands to the agent.
type Channel interface {
	// AgentCommand sends a command as JSON and returns the whole answer as JSON. It returns
	// ErrSilent when there is none within timeout, or a few seconds more.
	AgentCommand(command string, timeout time.Duration) (string, error)
}

var (
	// ErrSilent says that there is no answer, or not in time.
	ErrSilent = errors.New(session.AgentSilent)
	// ErrNotConnected says that nothing in the guest listens.
	ErrNotConnected = errors.New(session.AgentNotConnected)
	// ErrBusy says that an earlier command is not answered yet.
	ErrBusy = errors.New(session.AgentBusy)
	// ErrPaused says that the guest cannot answer because its CPUs are stopped.
	ErrPaused = errors.New("the guest is paused; unpause it first")
)

// Agent is the agent of the launcher's guest.
type Agent struct {
	channel Channel
	// changed is called when Status says something new.
	changed func()
	// own are the MAC addresses of the machine's NICs.
	own map[string]bool
	// slot is held while a command is on its way.
	slot chan struct{}
	wake chan struct{}
	// stopped is closed when the agent is no longer followed.
	stopped chan struct{}

	// mu guards what follows.
	mu sync.Mutex
	// connected and running are what libvirt says; epoch counts connections.
	connected, running bool
	epoch              int
	// polled tells that the agent of this epoch was asked once, answers that it answered last time.
	polled, answers bool
	status          *guestinfo.Status
	// thaw is what thaws a frozen guest in time; nil when nothing shall. freezes counts changes by commands.
	thaw    *time.Timer
	freezes int
	// thawing tells that the guest is being thawed until that has succeeded.
	thawing bool
}

// New returns the agent behind channel. macs are the addresses of the machine's NICs; changed is called
// whenever Status says something new.
func New(channel Channel, macs []string, changed func()) *Agent {
	a := &Agent{
		channel: channel, changed: changed, own: map[string]bool{},
		slot: make(chan struct{}, 1), wake: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	for _, mac := range macs {
		a.own[strings.ToLower(mac)] = true
	}
	return a
}

// Observe takes what libvirt says: whether something in the guest listens, and whether the guest's CPUs run.
func (a *Agent) Observe(connected, running bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.connected == connected && a.running == running {
		return
	}
	if connected && !a.connected {
		a.epoch++
	}
	if !connected {
		a.polled, a.answers, a.status = false, false, nil
	}
	a.connected, a.running = connected, running
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Status tells whether there is an agent, and what it says; nil when it says nothing. An agent is told
// of once it was asked, so that both are known together.
func (a *Agent) Status() (connected bool, status *guestinfo.Status) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.connected || !a.polled {
		return false, nil
	}
	return true, a.status
}

// Answers tells that the agent answered when it was asked last.
func (a *Agent) Answers() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.connected && a.running && a.answers
}

// Frozen tells that the guest's file systems are frozen, as far as is known.
func (a *Agent) Frozen() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status != nil && a.status.Frozen
}

// ready tells why no command can be sent; nil when one can.
func (a *Agent) ready() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.connected:
		return ErrNotConnected
	case !a.running:
		return ErrPaused
	}
	return nil
}

// silent tells that the error means no answer, as opposed to an answer that is a refusal.
func silent(err error) bool {
	return errors.Is(err, ErrSilent) || errors.Is(err, ErrNotConnected) || errors.Is(err, ErrBusy)
}
