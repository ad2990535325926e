// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/console"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

// closeTimeout is how long the end of a volume waits for its connections.
const closeTimeout = 3 * time.Second

// Guest is one launcher's guest, from the publishing of its volume to the end.
type Guest struct {
	// Volume is who the launcher is.
	Volume volume.Volume

	manager *Manager
	hub     *console.Hub
	logger  klog.Logger
	ctx     context.Context
	cancel  context.CancelFunc
	// gone is closed when nothing of the guest runs any more.
	gone chan struct{}
	// complaints caps how much a hostile launcher can write into the log.
	complaints *rate.Limiter

	// mu guards what follows.
	mu      sync.Mutex
	facts   Facts
	current *link
	// sequence numbers commands.
	sequence uint64
	// agent holds back what the guest's agent says too often; counted tells that it counts as connected.
	agent   agentHold
	counted bool
}

func newGuest(m *Manager, v volume.Volume, hub *console.Hub, logger klog.Logger) *Guest {
	g := &Guest{
		Volume: v, manager: m, hub: hub, logger: logger, gone: make(chan struct{}),
		complaints: rate.NewLimiter(complaintRate, complaintBurst),
	}
	g.ctx, g.cancel = context.WithCancel(klog.NewContext(m.ctx, logger))
	return g
}

// Console returns the guest's console.
func (g *Guest) Console() *console.Hub { return g.hub }

// State returns what the launcher reported last; empty before that.
func (g *Guest) State() session.State {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.facts.Report == nil {
		return ""
	}
	return g.facts.Report.State
}

// Connected tells whether the launcher has a session.
func (g *Guest) Connected() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.current != nil
}

// close ends all connections of the launcher and waits for that; not for long, because a launcher
// can pass descriptors whose closing waits for it.
func (g *Guest) close() {
	g.cancel()
	g.mu.Lock()
	g.countAgent(false)
	g.mu.Unlock()
	select {
	case <-g.gone:
	case <-time.After(closeTimeout):
		g.logger.Info("A connection of the launcher does not end")
	}
}

// learn changes the facts and passes them on.
func (g *Guest) learn(change func(*Facts)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.facts)
	shown := g.agent.apply(g.facts, time.Now(), g.releaseAgent)
	g.countAgent(g.ctx.Err() == nil && shown.Report != nil && shown.Report.AgentConnected)
	g.manager.config.Sink.Submit(g.Volume, shown)
}

// releaseAgent passes on what was held back.
func (g *Guest) releaseAgent() {
	if g.ctx.Err() == nil {
		g.learn(func(*Facts) { g.agent.waiting = nil })
	}
}

// countAgent counts the guest's agent; the caller holds mu.
func (g *Guest) countAgent(connected bool) {
	if connected != g.counted {
		g.counted = connected
		agents.Add(map[bool]float64{true: 1, false: -1}[connected])
	}
}

// complain logs why a connection was closed.
func (g *Guest) complain(err error, message string) {
	if g.ctx.Err() == nil && g.complaints.Allow() {
		g.logger.Error(err, message)
	}
}
