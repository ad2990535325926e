// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
)

const (
	statusPath = "/virtplane/status"
	joinPath   = "/virtplane/join"
	// askTimeout is how long a peer may take to say how it is; one that takes longer counts as absent for now.
	askTimeout = 2 * time.Second
	// joinTimeout covers two changes of the cluster, each of which a majority has to write.
	joinTimeout = 15 * time.Second
	// maxAnswer bounds what is read of a peer's answer, in bytes.
	maxAnswer = 1 << 20
)

// status is what a member tells its peers.
type status struct {
	Name      string   `json:"name"`
	Cluster   types.ID `json:"cluster"`
	HasLeader bool     `json:"hasLeader"`
	Members   []member `json:"members"`

	ordinal int
}

// member is one of the members of a cluster as etcd knows them.
type member struct {
	ID       types.ID `json:"id"`
	PeerURLs []string `json:"peerURLs"`
	Learner  bool     `json:"learner,omitempty"`
}

// ask returns what the other members say of themselves, those that answer.
func (c *Cluster) ask(ctx context.Context, self, replicas int) []status {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answers := make([]*status, replicas)
	var wg sync.WaitGroup
	for ordinal := range replicas {
		if ordinal == self {
			continue
		}
		wg.Go(func() {
			if s, err := c.call(ctx, http.MethodGet, ordinal, statusPath); err == nil {
				answers[ordinal] = s
			}
		})
	}
	wg.Wait()
	var all []status
	for _, s := range answers {
		if s != nil {
			all = append(all, *s)
		}
	}
	return all
}

// askToJoin has the peer add this member, and returns the cluster that it is then part of.
func (c *Cluster) askToJoin(ctx context.Context, via *status) (*status, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	joined, err := c.call(ctx, http.MethodPost, via.ordinal, joinPath)
	if err != nil {
		return nil, fmt.Errorf("join through member %s: %w", via.Name, err)
	}
	return joined, nil
}

func (c *Cluster) call(ctx context.Context, method string, ordinal int, path string) (*status, error) {
	target := c.url(ordinal)
	target.Path = path
	req, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: c.Credentials.ClientConfig(target.Hostname()), DisableKeepAlives: true,
	}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(string(bytes.TrimSpace(body)))
	}
	s := &status{}
	if err := json.Unmarshal(body, s); err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", target.Host, err)
	}
	s.ordinal = ordinal
	return s, nil
}
