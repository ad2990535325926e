// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package embeddedetcd runs an etcd member inside the process, reached through a unix socket alone.
package embeddedetcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
)

const (
	clientSocket = "client.sock"
	memberName   = "virtplane"
	// peerURL is the address of the member in the records of its cluster. There are no peers, so nothing listens there.
	peerURL = "unix:///peer"
	// quotaBytes is etcd's advised maximum; 10,000 full-size virtual machines take less than a tenth of it.
	quotaBytes = 8 << 30
	// snapshotCount is lower than etcd's default: the objects are few and a restart replays less.
	snapshotCount = 5000
)

// Etcd is a running member.
type Etcd struct{ server *embed.Etcd }

// Endpoint returns the address that clients of the member in dataDir dial.
func Endpoint(dataDir string) string { return "unix://" + filepath.Join(dataDir, clientSocket) }

// Start runs a member with its data under dataDir and returns when it serves.
func Start(ctx context.Context, dataDir string) (*Etcd, error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	// A killed process leaves its socket behind; the data's own lock keeps a second process out.
	if err := os.Remove(filepath.Join(dataDir, clientSocket)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove old socket: %w", err)
	}
	server, err := embed.StartEtcd(config(dataDir))
	if err != nil {
		return nil, err
	}
	select {
	case <-server.Server.ReadyNotify():
		return &Etcd{server: server}, nil
	case err := <-server.Err():
		server.Close()
		return nil, err
	case <-ctx.Done():
		server.Close()
		return nil, ctx.Err()
	}
}

func config(dataDir string) *embed.Config {
	client := url.URL{Scheme: "unix", Path: filepath.Join(dataDir, clientSocket)}
	peer, err := url.Parse(peerURL)
	if err != nil {
		panic(err) // a constant
	}
	c := embed.NewConfig()
	c.Name = memberName
	c.Dir = filepath.Join(dataDir, "etcd")
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	// etcd ignores the path of a peer's unix socket and would listen on one that every process of the
	// network namespace may dial.
	c.ListenPeerUrls, c.AdvertisePeerUrls = nil, []url.URL{*peer}
	c.InitialCluster = memberName + "=" + peerURL
	c.InitialClusterToken = memberName
	c.QuotaBackendBytes = quotaBytes
	c.SnapshotCount = snapshotCount
	c.LogLevel = "warn"
	c.LogOutputs = []string{embed.StdErrLogOutput}
	return c
}

// Close stops the member after it has written what it acknowledged.
func (e *Etcd) Close() { e.server.Close() }
