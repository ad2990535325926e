// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package embeddedetcd runs an etcd member inside the process: alone, or as one of several that form a cluster. It is
// reached through a socket in its data directory alone; members reach each other with certificates of their own.
package embeddedetcd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/klog/v2"
)

const clientSocket = "client.sock"

// Config says how to run a member.
type Config struct {
	// DataDir is an absolute path on a persistent volume.
	DataDir string
	// QuotaBytes is the size of the database above which writes are refused; 0 means DefaultQuotaBytes.
	QuotaBytes int64
	// Cluster is nil for a member that is alone.
	Cluster *Cluster
}

// Etcd is a running member.
type Etcd struct {
	config  Config
	ordinal int
	server  *embed.Etcd
	// peers is nil for a member that is alone.
	peers *peerServer

	// steward is the goroutine that looks after the cluster, which stop ends.
	steward sync.WaitGroup
	stop    context.CancelFunc

	closing atomic.Bool
	closed  sync.Once
}

// Endpoint returns the address that clients of the member in dataDir dial.
func Endpoint(dataDir string) string { return "unix://" + filepath.Join(dataDir, clientSocket) }

// Start runs a member that is alone, with its data under dataDir, and returns when it serves.
func Start(ctx context.Context, dataDir string) (*Etcd, error) {
	return Config{DataDir: dataDir}.Start(ctx)
}

// Start runs a member and returns when it serves: with a leader, all that was acknowledged, and a vote.
func (config Config) Start(ctx context.Context) (*Etcd, error) {
	if err := os.MkdirAll(config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	// A killed process leaves its socket behind; the data's own lock keeps a second process out.
	if err := os.Remove(filepath.Join(config.DataDir, clientSocket)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove old socket: %w", err)
	}
	if config.Cluster != nil {
		return startMember(ctx, config)
	}
	e := &Etcd{config: config}
	settings, err := config.alone(newLogger(klog.FromContext(ctx), &e.closing))
	if err != nil {
		return nil, err
	}
	if e.server, err = embed.StartEtcd(settings); err != nil {
		return nil, err
	}
	select {
	case <-e.server.Server.ReadyNotify():
	case err = <-e.server.Err():
	case <-e.Done():
		err = errStopped
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	// A member alone has nobody to convince that its data is the right one.
	return e, unmarkRestored(config.DataDir)
}

var errStopped = errors.New("etcd stopped; its log says why")

// Done is closed when the member has stopped, by itself or by Close.
func (e *Etcd) Done() <-chan struct{} { return e.server.Server.StopNotify() }

// Members returns how many members the cluster has, as this one knows it.
func (e *Etcd) Members() int { return len(e.server.Server.Cluster().Members()) }

// Close stops the member after it has written what it acknowledged. One that is not to come back leaves the cluster.
func (e *Etcd) Close() {
	e.closed.Do(func() {
		if e.stop != nil {
			e.stop()
			e.steward.Wait()
			e.leave(klog.Background())
		}
		e.closing.Store(true)
		e.server.Close()
		if e.peers != nil {
			e.peers.close()
		}
	})
}
