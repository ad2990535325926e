// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"fmt"
	"net"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"k8s.io/klog/v2"
)

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
