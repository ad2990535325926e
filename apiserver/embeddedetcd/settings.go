// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"crypto/rand"
	"net/url"
	"path/filepath"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

const (
	// DefaultQuotaBytes is etcd's advised maximum; 10,000 full-size virtual machines take less than a tenth of it.
	DefaultQuotaBytes = int64(8 << 30)

	memberName = "virtplane"
	// peerURL is the address of a member that is alone in the records of its cluster. There are no peers, so nothing
	// listens there.
	peerURL = "unix:///peer"
	// snapshotCount is lower than etcd's default: the objects are few and a restart replays less.
	snapshotCount = 5000
)

// alone are the settings of a member without peers.
func (c *Config) alone(logger *zap.Logger) (*embed.Config, error) {
	settings, err := c.base(logger)
	if err != nil {
		return nil, err
	}
	peer, err := url.Parse(peerURL)
	if err != nil {
		return nil, err
	}
	settings.Name = memberName
	settings.AdvertisePeerUrls = []url.URL{*peer}
	settings.InitialCluster = memberName + "=" + peerURL
	return settings, nil
}

// among are the settings of a member with peers. joined is the cluster that has added it, or nil where it begins one
// or has data.
func (c *Config) among(logger *zap.Logger, ordinal int, joined *status) (*embed.Config, error) {
	settings, err := c.base(logger)
	if err != nil {
		return nil, err
	}
	self := c.Cluster.url(ordinal)
	settings.Name = c.Cluster.Member
	settings.AdvertisePeerUrls = []url.URL{self}
	settings.InitialCluster = settings.Name + "=" + self.String()
	if joined != nil {
		settings.ClusterState = embed.ClusterStateFlagExisting
		settings.InitialCluster = c.Cluster.initialCluster(joined.Members)
	}
	// The certificates are read for each connection, the CA once: it is made for good.
	cert, key, ca := c.Cluster.Credentials.Files()
	settings.PeerTLSInfo = transport.TLSInfo{CertFile: cert, KeyFile: key, TrustedCAFile: ca, ClientCertAuth: true}
	return settings, nil
}

// initialCluster names the members as the one that joins has to, which is by their addresses.
func (c *Cluster) initialCluster(members []member) string {
	var all []string
	for _, m := range members {
		name := m.ID.String()
		if ordinal, ok := c.ordinalOf(first(m.PeerURLs)); ok {
			name = c.name(ordinal)
		}
		for _, u := range m.PeerURLs {
			all = append(all, name+"="+u)
		}
	}
	return strings.Join(all, ",")
}

func (c *Config) base(logger *zap.Logger) (*embed.Config, error) {
	client := url.URL{Scheme: "unix", Path: filepath.Join(c.DataDir, clientSocket)}
	settings := embed.NewConfig()
	settings.Dir = filepath.Join(c.DataDir, etcdDir)
	settings.ListenClientUrls, settings.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	// etcd ignores the path of a peer's unix socket and would listen on one that every process of the
	// network namespace may dial. Peers are served apart.
	settings.ListenPeerUrls = nil
	// A cluster that begins must have another identifier than any before it: a member with older data would take it
	// for its own.
	settings.InitialClusterToken = memberName + "-" + rand.Text()
	settings.QuotaBackendBytes = DefaultQuotaBytes
	if c.QuotaBytes != 0 {
		settings.QuotaBackendBytes = c.QuotaBytes
	}
	settings.SnapshotCount = snapshotCount
	settings.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger)
	return settings, nil
}
