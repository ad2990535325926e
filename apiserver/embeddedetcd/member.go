// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/embed"
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
