// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"k8s.io/klog/v2"
)

const (
	// waitInterval is how often a member that waits looks again whether it can go on.
	waitInterval = time.Second
	// remindInterval is how often the log repeats what a member waits for.
	remindInterval = 30 * time.Second
	// reconsiderInterval is how often a member that has no leader looks whether it still belongs to its cluster.
	reconsiderInterval = 5 * time.Second
)

// errReconsider has a member decide anew how to start.
var errReconsider = errors.New("the cluster changed")

// starter brings one member up.
type starter struct {
	Config
	ordinal int
	// said and at are what the log was told last.
	said string
	at   time.Time
}

func startMember(ctx context.Context, config Config) (*Etcd, error) {
	if err := config.Cluster.Validate(); err != nil {
		return nil, err
	}
	ordinal, err := config.Cluster.Ordinal()
	if err != nil {
		return nil, err
	}
	s := &starter{Config: config, ordinal: ordinal}
	for {
		e, err := s.attempt(ctx)
		if err == nil {
			return e, nil
		}
		if !errors.Is(err, errReconsider) {
			return nil, err
		}
		s.say(ctx, err.Error())
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(waitInterval):
		}
	}
}

// say logs what the member waits for, without repeating itself each second.
func (s *starter) say(ctx context.Context, what string) {
	if what == s.said && time.Since(s.at) < remindInterval {
		return
	}
	s.said, s.at = what, time.Now()
	klog.FromContext(ctx).Info("The etcd member waits", "member", s.Cluster.Member, "why", what)
}

func (s *starter) observe(ctx context.Context) (observation, error) {
	o := observation{ordinal: s.ordinal}
	var err error
	if o.data, err = readIdentity(s.DataDir); err != nil {
		return o, fmt.Errorf("read data directory: %w; if it is damaged beyond repair, remove its directory %s: "+
			"the member then joins the others, or waits for a restore", err, etcdDir)
	}
	if o.restored, err = isRestored(s.DataDir); err != nil {
		return o, fmt.Errorf("read data directory: %w", err)
	}
	recorded, err := s.Cluster.Host.ClusterID(ctx)
	if err != nil {
		return o, fmt.Errorf("%w: %w", errReconsider, err)
	}
	if recorded != "" {
		if o.recorded, err = types.IDFromString(recorded); err != nil {
			return o, fmt.Errorf("read recorded cluster %q: %w", recorded, err)
		}
	}
	replicas, err := s.Cluster.Host.Replicas(ctx)
	if err != nil {
		return o, fmt.Errorf("%w: %w", errReconsider, err)
	}
	o.peers = s.Cluster.ask(ctx, s.ordinal, min(max(replicas, s.ordinal), maxMembers))
	return o, nil
}

// attempt decides how to start and does it. errReconsider means that it is worth another try.
func (s *starter) attempt(ctx context.Context) (*Etcd, error) {
	logger := klog.FromContext(ctx)
	o, err := s.observe(ctx)
	if err != nil {
		return nil, err
	}
	d := decide(o)
	var joined *status
	switch d.action {
	case wait:
		return nil, fmt.Errorf("%w: %s", errReconsider, d.why)
	case refuse:
		return nil, errors.New(d.why)
	case claim:
		logger.Info("Recording another cluster as the one that holds the objects", "member", s.Cluster.Member, "why", d.why, "cluster", o.data.cluster.String())
		if err := s.Cluster.Host.SetClusterID(ctx, o.data.cluster.String()); err != nil {
			return nil, fmt.Errorf("%w: record cluster: %w", errReconsider, err)
		}
		return s.attempt(ctx)
	case rejoin:
		aside, err := setAside(s.DataDir, time.Now())
		if err != nil {
			return nil, fmt.Errorf("set data aside: %w", err)
		}
		logger.Info("Set the data of the etcd member aside", "member", s.Cluster.Member, "why", d.why, "to", aside)
	}
	logger.Info("Starting the etcd member", "member", s.Cluster.Member, "how", string(d.action), "why", d.why)
	if d.via != nil {
		if joined, err = s.Cluster.askToJoin(ctx, d.via); err != nil {
			return nil, fmt.Errorf("%w: %w", errReconsider, err)
		}
		// What an earlier attempt has left was never part of the cluster.
		if err := os.RemoveAll(filepath.Join(s.DataDir, etcdDir)); err != nil {
			return nil, fmt.Errorf("remove what an earlier attempt has left: %w", err)
		}
	}
	return s.start(ctx, joined)
}

func (s *starter) start(ctx context.Context, joined *status) (*Etcd, error) {
	e := &Etcd{config: s.Config, ordinal: s.ordinal}
	settings, err := s.among(newLogger(klog.FromContext(ctx), &e.closing), s.ordinal, joined)
	if err != nil {
		return nil, err
	}
	l, err := listenPeers(s.Cluster, s.ordinal)
	if err != nil {
		return nil, err
	}
	if e.server, err = embed.StartEtcd(settings); err != nil {
		if joined != nil {
			err = fmt.Errorf("%w: %w", errReconsider, err)
		}
		return nil, errors.Join(err, l.Close())
	}
	if err := s.complete(ctx, e, l); err != nil {
		e.Close()
		return nil, err
	}
	stewardCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = cancel
	e.steward.Go(func() { e.look(stewardCtx) })
	return e, nil
}

// complete makes a member that was just started one that votes, and records its cluster.
func (s *starter) complete(ctx context.Context, e *Etcd, l net.Listener) error {
	e.peers = servePeers(context.WithoutCancel(ctx), s.Cluster, e.server, l)
	if err := s.ready(ctx, e); err != nil {
		return err
	}
	if err := s.announce(ctx, e); err != nil {
		return err
	}
	if err := s.vote(ctx, e); err != nil {
		return err
	}
	// Nothing is acknowledged before this: an empty volume is from here on not taken for a new installation.
	id := e.server.Server.Cluster().ID().String()
	recorded, err := s.Cluster.Host.ClusterID(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read which cluster is recorded: %w", err)
	case recorded == "":
		if err := s.Cluster.Host.SetClusterID(ctx, id); err != nil {
			return fmt.Errorf("record cluster %s: %w", id, err)
		}
	case recorded != id:
		return fmt.Errorf("%w: cluster %s was replaced by %s", errReconsider, id, recorded)
	}
	return unmarkRestored(s.DataDir)
}

// ready waits for a leader.
func (s *starter) ready(ctx context.Context, e *Etcd) error {
	ticker := time.NewTicker(reconsiderInterval)
	defer ticker.Stop()
	for {
		select {
		case <-e.server.Server.ReadyNotify():
			return nil
		case <-e.Done():
			return fmt.Errorf("%w: %w", errReconsider, errStopped)
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		o, err := s.observe(ctx)
		if err != nil {
			s.say(ctx, err.Error())
			continue
		}
		if d := decide(o); d.action == rejoin {
			return fmt.Errorf("%w: %s", errReconsider, d.why)
		}
		s.say(ctx, e.missing(o.peers))
	}
}

// missing says which members are needed for a leader.
func (e *Etcd) missing(peers []status) string {
	var absent []string
	voters := 0
	for _, m := range e.server.Server.Cluster().Members() {
		if m.IsLearner {
			continue
		}
		voters++
		ordinal, known := e.config.Cluster.ordinalOf(first(m.PeerURLs))
		here := m.ID == e.server.Server.MemberID()
		for _, p := range peers {
			here = here || (known && p.ordinal == ordinal)
		}
		switch {
		case here:
		case known:
			absent = append(absent, e.config.Cluster.name(ordinal))
		default:
			absent = append(absent, m.Name)
		}
	}
	return fmt.Sprintf("a leader needs %d of %d members, and these do not answer: %v; start them with their volumes, or restore a backup if these are lost",
		voters/2+1, voters, absent)
}

// announce has the cluster know at which address this member is reached, where its data is from a time when it was alone.
func (s *starter) announce(ctx context.Context, e *Etcd) error {
	self := s.Cluster.url(s.ordinal)
	m := e.server.Server.Cluster().Member(e.server.Server.MemberID())
	if m == nil || first(m.PeerURLs) == self.String() {
		return nil
	}
	klog.FromContext(ctx).Info("The etcd member gets an address at which others reach it", "member", s.Cluster.Member, "url", self.String())
	moved := membership.Member{ID: m.ID, RaftAttributes: membership.RaftAttributes{PeerURLs: []string{self.String()}, IsLearner: m.IsLearner}}
	if _, err := e.server.Server.UpdateMember(ctx, moved); err != nil {
		return fmt.Errorf("set address of the member: %w", err)
	}
	return nil
}

// vote waits until the member has caught up, and gives it a vote.
func (s *starter) vote(ctx context.Context, e *Etcd) error {
	for e.isLearner() {
		_, err := e.server.Server.PromoteMember(ctx, uint64(e.server.Server.MemberID()))
		if err != nil {
			s.say(ctx, fmt.Sprintf("it has no vote yet: %v", err))
		}
		select {
		case <-e.Done():
			return fmt.Errorf("%w: %w", errReconsider, errStopped)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitInterval / 4):
		}
	}
	return nil
}

func (e *Etcd) isLearner() bool {
	m := e.server.Server.Cluster().Member(e.server.Server.MemberID())
	return m == nil || m.IsLearner
}
