// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"k8s.io/klog/v2"
)

const (
	// lookInterval is how often a member looks whether the cluster is as it should be.
	lookInterval = 2 * time.Second
	// leaveGrace is how long members that are not to come back have to leave by themselves, with their requests answered.
	// Afterwards the leader removes them while they still run: without them there may be no majority.
	leaveGrace = 10 * time.Second
	// recordInterval is how often the record of the cluster is checked. A member that a restore has replaced stops after
	// this long, and the restored one waits for that.
	recordInterval = 6 * time.Second
	// leaveTimeout bounds how long a member that is not to come back tries to leave, within what a pod has to end.
	leaveTimeout = 12 * time.Second
	// leaveAttempt bounds one try: Raft forgets a change that is asked for while another one is under way.
	leaveAttempt = 1500 * time.Millisecond
)

// look keeps the cluster as large as it is to be, and its record right, until ctx ends.
func (e *Etcd) look(ctx context.Context) {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	surplus := map[types.ID]time.Time{}
	recorded := time.Now()
	for {
		e.count()
		select {
		case <-ctx.Done():
			return
		case <-e.Done():
			return
		case <-ticker.C:
		}
		if time.Since(recorded) >= recordInterval {
			recorded = time.Now()
			e.record(ctx)
		}
		if e.server.Server.Leader() != e.server.Server.MemberID() {
			clear(surplus)
			continue
		}
		e.shrink(ctx, surplus, time.Now())
	}
}

// shrink removes members beyond the number of replicas. since says when each of them was first seen.
func (e *Etcd) shrink(ctx context.Context, since map[types.ID]time.Time, now time.Time) {
	replicas, err := e.config.Cluster.Host.Replicas(ctx)
	if err != nil {
		klog.FromContext(ctx).V(2).Info("Cannot read how many etcd members there are to be", "err", err)
		return
	}
	for _, m := range e.server.Server.Cluster().Members() {
		ordinal, ok := e.config.Cluster.ordinalOf(first(m.PeerURLs))
		if !ok || replicas == 0 || ordinal < replicas || m.ID == e.server.Server.MemberID() {
			delete(since, m.ID)
			continue
		}
		if _, seen := since[m.ID]; !seen {
			since[m.ID] = now
		}
		if now.Sub(since[m.ID]) < leaveGrace {
			continue
		}
		name := e.config.Cluster.name(ordinal)
		if _, err := e.server.Server.RemoveMember(ctx, uint64(m.ID)); err != nil {
			klog.FromContext(ctx).Info("Cannot remove an etcd member that is not to be any more; trying again", "member", name, "replicas", replicas, "err", err)
			continue
		}
		klog.FromContext(ctx).Info("Removed an etcd member that is not to be any more", "member", name, "replicas", replicas)
	}
}

// record puts the record of the cluster back when somebody has removed it, and stops a member whose cluster was replaced.
func (e *Etcd) record(ctx context.Context) {
	logger, id := klog.FromContext(ctx), e.server.Server.Cluster().ID().String()
	recorded, err := e.config.Cluster.Host.ClusterID(ctx)
	switch {
	case err != nil:
		logger.V(2).Info("Cannot read which cluster is recorded", "err", err)
	case recorded == "":
		if err := e.config.Cluster.Host.SetClusterID(ctx, id); err != nil {
			logger.Error(err, "Cannot record the cluster: a member that loses its volume while no other runs would begin a new one", "cluster", id)
			return
		}
		logger.Info("Recorded the cluster again", "cluster", id)
	case recorded != id:
		logger.Error(nil, "A restored cluster has replaced this one; the etcd member stops, and joins it after a restart", "cluster", id, "recorded", recorded)
		e.server.Server.HardStop()
	}
}

// leave removes this member from the cluster when it is not to come back.
func (e *Etcd) leave(logger klog.Logger) {
	ctx, cancel := context.WithTimeout(klog.NewContext(context.Background(), logger), leaveTimeout)
	defer cancel()
	replicas, err := e.config.Cluster.Host.Replicas(ctx)
	if err != nil || replicas == 0 || e.ordinal < replicas {
		return
	}
	for {
		if !e.server.Server.IsMemberExist(e.server.Server.MemberID()) {
			return
		}
		attempt, cancel := context.WithTimeout(ctx, leaveAttempt)
		_, err := e.server.Server.RemoveMember(attempt, uint64(e.server.Server.MemberID()))
		cancel()
		if err == nil {
			logger.Info("The etcd member has left the cluster", "member", e.config.Cluster.Member, "replicas", replicas)
			return
		}
		select {
		case <-e.Done():
			return
		case <-ctx.Done():
			logger.Error(err, "The etcd member could not leave the cluster; the others remove it", "member", e.config.Cluster.Member, "replicas", replicas)
			return
		case <-time.After(waitInterval / 4):
		}
	}
}
