// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/client-go/kubernetes/fake"
	aggregatorfake "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"

	"github.com/virtplane/virtplane/apiserver/certificates"
)

// patience is ten times what the slowest step takes on two busy cores.
const patience = 60 * time.Second

// set is a stateful set and the record of its cluster.
type set struct {
	t       *testing.T
	dir     string
	address string
	manager *certificates.Manager

	mu       sync.Mutex
	replicas int
	recorded string
}

func newSet(t *testing.T, replicas int) *set {
	t.Helper()
	manager, err := certificates.NewManager(t.Context(), certificates.Clients{Kubernetes: fake.NewClientset(), Aggregator: aggregatorfake.NewClientset()}, "test", "test")
	if err != nil {
		t.Fatal(err)
	}
	return &set{
		t: t, dir: shortDir(t), manager: manager, replicas: replicas,
		address: fmt.Sprintf("127.%d.%d.1{ordinal}:2380", 64+rand.IntN(64), rand.IntN(256)),
	}
}

func (s *set) Replicas(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replicas, nil
}

func (s *set) scale(replicas int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replicas = replicas
}

func (s *set) ClusterID(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recorded, nil
}

func (s *set) SetClusterID(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recorded = id
	return nil
}

func (s *set) data(ordinal int) string { return filepath.Join(s.dir, fmt.Sprint(ordinal)) }

// begin starts a member without waiting for it.
func (s *set) begin(ctx context.Context, ordinal int) func() *Etcd {
	s.t.Helper()
	c := &Cluster{Member: fmt.Sprintf("test-%d", ordinal), Address: s.address, Host: s}
	host, err := c.PeerHost()
	if err != nil {
		s.t.Fatal(err)
	}
	// One manager has one member; each process has a manager of its own.
	credentials, err := s.manager.Member(c.Member, host, s.data(ordinal))
	if err != nil {
		s.t.Fatal(err)
	}
	c.Credentials = credentials
	ctx, cancel := context.WithTimeout(ctx, patience)
	type result struct {
		*Etcd
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer cancel()
		e, err := Config{DataDir: s.data(ordinal), Cluster: c}.Start(ctx)
		done <- result{e, err}
	}()
	return func() *Etcd {
		s.t.Helper()
		r := <-done
		if r.err != nil {
			s.t.Fatalf("start member %d: %v", ordinal, r.err)
		}
		s.t.Cleanup(r.Close)
		return r.Etcd
	}
}

func (s *set) start(ordinals ...int) map[int]*Etcd {
	s.t.Helper()
	var waits []func() *Etcd
	for _, ordinal := range ordinals {
		waits = append(waits, s.begin(s.t.Context(), ordinal))
	}
	all := map[int]*Etcd{}
	for i, wait := range waits {
		all[ordinals[i]] = wait()
	}
	return all
}

func (s *set) put(ordinal int, key, value string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if _, err := s.client(ordinal).Put(ctx, key, value); err != nil {
		s.t.Fatalf("put %s through member %d: %v", key, ordinal, err)
	}
}

// expect reads a key through a member, consistently.
func (s *set) expect(ordinal int, key, value string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	answer, err := s.client(ordinal).Get(ctx, key)
	if err != nil {
		s.t.Fatalf("get %s through member %d: %v", key, ordinal, err)
	}
	if len(answer.Kvs) != 1 || string(answer.Kvs[0].Value) != value {
		s.t.Errorf("member %d has %s = %v, want %s", ordinal, key, answer.Kvs, value)
	}
}

func (s *set) client(ordinal int) *clientv3.Client {
	s.t.Helper()
	return dial(s.t, s.data(ordinal))
}

// await waits until the members that a member knows are those.
func (s *set) await(ordinal int, voters ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	client := s.client(ordinal)
	for {
		answer, err := client.MemberList(ctx)
		if err != nil {
			s.t.Fatalf("list members of %d: %v", ordinal, err)
		}
		names := map[string]bool{}
		for _, m := range answer.Members {
			names[m.Name] = !m.IsLearner
		}
		ok := len(names) == len(voters)
		for _, v := range voters {
			ok = ok && names[v]
		}
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("member %d knows %v, want %v", ordinal, names, voters)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *set) lose(ordinal int) {
	s.t.Helper()
	if err := os.RemoveAll(s.data(ordinal)); err != nil {
		s.t.Fatal(err)
	}
}
