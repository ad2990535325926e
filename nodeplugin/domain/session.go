// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/network"
)

const (
	// messageRate and messageBurst cap the messages in a second of one launcher, which sends one
	// for each change of its guest.
	messageRate  = 20
	messageBurst = 100
	// instanceTimeout is how long a launcher waits for its instance before it has to redial, once
	// the API server has answered.
	instanceTimeout = 10 * time.Second
	// sendTimeout is how long a launcher may take to accept a message.
	sendTimeout = 5 * time.Second
)

// link is an open session.
type link struct {
	conn *session.Conn
	// ns is where the launcher is; it is closed with the session.
	ns     *network.Namespace
	cancel context.CancelFunc
	done   chan struct{}
	// waiting holds the commands without an answer; the guest's mutex guards it.
	waiting map[uint64]*call
	// told is the grace period in seconds with which the launcher was told to stop its guest; nil
	// when it was not. The guest's mutex guards it.
	told *int64
}

// send writes a message in time or ends the session.
func (l *link) send(m *session.Message) error {
	if err := l.conn.Socket().SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if err := l.conn.Send(m); err != nil {
		l.cancel()
		return err
	}
	return nil
}

// serveSession runs a session from its Hello to its end: find out where the launcher is, wait for
// its instance, plumb, hand over. Reports are heard from the start, because after a restart of
// this process the guest may be at its end while the API server is still away.
func (g *Guest) serveSession(ctx context.Context, conn *session.Conn, files []*os.File) error {
	ns, err := g.manager.config.Namespaces.Of(conn.Socket(), files[0])
	closeAll(files)
	if err != nil {
		return err
	}
	defer ns.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &link{conn: conn, ns: ns, cancel: cancel, done: make(chan struct{}), waiting: map[uint64]*call{}}
	g.replace(l)
	defer g.detach(l)
	if err := g.manager.claim(ns.ID(), g); err != nil {
		return g.refuse(l, err)
	}
	defer g.manager.release(ns.ID(), g)
	if err := conn.Socket().SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("clear deadline: %w", err)
	}
	unblock := context.AfterFunc(ctx, func() { conn.Socket().SetDeadline(time.Now()) })
	defer unblock()
	heard := make(chan error, 1)
	go func() {
		defer cancel()
		heard <- g.hear(ctx, l)
	}()
	err = g.start(ctx, l, ns)
	if err != nil {
		cancel()
	}
	return errors.Join(err, <-heard)
}

// start gives the launcher its instance.
func (g *Guest) start(ctx context.Context, l *link, ns *network.Namespace) error {
	vmi, err := g.awaitInstance(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return g.refuse(l, err)
	}
	result, err := g.plumb(ctx, ns, vmi)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		g.learn(func(f *Facts) { f.Problem = "plumb network: " + cleanMessage(err.Error()) })
		return g.refuse(l, fmt.Errorf("plumb network: %w", err))
	}
	g.learn(func(f *Facts) { f.Problem, f.Interfaces, f.PodIPs = "", result.Interfaces, result.PodIPs })
	raw, err := json.Marshal(vmi)
	if err != nil {
		return fmt.Errorf("encode instance: %w", err)
	}
	if err := l.send(&session.Message{Start: &session.Start{VMI: raw, Interfaces: result.Interfaces}}); err != nil {
		return err
	}
	g.manager.Ending(vmi)
	return nil
}

// awaitInstance returns the instance of the launcher as the API server has it.
func (g *Guest) awaitInstance(ctx context.Context) (*v1.VirtualMachineInstance, error) {
	name := types.NamespacedName{Namespace: g.Volume.Namespace, Name: g.Volume.Instance}
	for {
		limited, cancel := context.WithTimeout(ctx, instanceTimeout)
		vmi, err := g.manager.config.Instances.Await(limited, name, g.accepts)
		cancel()
		if err == nil && vmi.IsFinal() {
			return nil, fmt.Errorf("the instance %s has ended: it is %s", name, vmi.Status.Phase)
		}
		if err == nil || ctx.Err() != nil || g.manager.config.Instances.Synced() {
			return vmi, err
		}
	}
}

// accepts tells why vmi is not the launcher's.
func (g *Guest) accepts(vmi *v1.VirtualMachineInstance) error {
	switch {
	case vmi == nil:
		return fmt.Errorf("the instance %s/%s is not on this node", g.Volume.Namespace, g.Volume.Instance)
	case vmi.UID != g.Volume.InstanceUID:
		return fmt.Errorf("the instance %s/%s is another one of that name", g.Volume.Namespace, g.Volume.Instance)
	case vmi.Status.ActivePods[g.Volume.PodUID] == "":
		return fmt.Errorf("the pod %s is not one of the instance %s/%s", g.Volume.PodName, g.Volume.Namespace, g.Volume.Instance)
	}
	return nil
}

func (g *Guest) plumb(ctx context.Context, ns *network.Namespace, vmi *v1.VirtualMachineInstance) (*network.Result, error) {
	select {
	case g.manager.plumbing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-g.manager.plumbing }()
	start := time.Now()
	result, err := g.manager.config.Plumber.Plumb(ns, vmi)
	if err == nil {
		plumbSeconds.Observe(time.Since(start).Seconds())
	}
	return result, err
}

// refuse tells the launcher why it cannot be served now. It redials.
func (g *Guest) refuse(l *link, reason error) error {
	return errors.Join(reason, l.send(&session.Message{Refusal: &session.Refusal{Message: reason.Error()}}))
}

// replace makes l the guest's session; an older one ends first.
func (g *Guest) replace(l *link) {
	g.mu.Lock()
	older := g.current
	g.current = l
	g.mu.Unlock()
	sessions.Inc()
	if older != nil {
		older.cancel()
		<-older.done
	}
}

// detach ends l, and the commands that it has not answered.
func (g *Guest) detach(l *link) {
	close(l.done)
	sessions.Dec()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current == l {
		g.current = nil
	}
	for id, waiting := range l.waiting {
		close(waiting.answer)
		delete(l.waiting, id)
	}
}

// hear takes the launcher's messages until the connection ends.
func (g *Guest) hear(ctx context.Context, l *link) error {
	limit := rate.NewLimiter(messageRate, messageBurst)
	for {
		m, files, err := l.conn.Receive()
		closeAll(files)
		switch {
		case errors.Is(err, io.EOF), ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case len(files) > 0:
			return errors.New("message: descriptors come only with a hello")
		case !limit.Allow():
			return fmt.Errorf("message: more than %d in a second", messageRate)
		}
		switch {
		case m.Report != nil:
			if err := g.report(m.Report); err != nil {
				return err
			}
		case m.Result != nil:
			g.answer(l, m.Result)
		default:
			return errors.New("message: neither a report nor a result")
		}
	}
}

// report takes over the state of the domain.
func (g *Guest) report(r *session.Report) error {
	clean, err := sanitize(r)
	if err != nil {
		return err
	}
	before := g.State()
	g.learn(func(f *Facts) { f.Report = clean })
	if clean.State == before {
		return nil
	}
	if clean.State == session.StateShutdown || clean.State == session.StateFailed {
		g.logger.Info("Guest has ended", "state", clean.State, "reason", clean.Reason, "message", clean.Message)
		g.hub.Finish()
	}
	return nil
}
