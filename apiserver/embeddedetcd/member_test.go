// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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

// TestThreeMembersFromOneAndBack grows the data directory of a member that was alone, and shrinks again.
func TestThreeMembersFromOneAndBack(t *testing.T) {
	t.Parallel()
	s := newSet(t, 1)
	alone := start(t, s.data(0))
	s.put(0, "before", "1")
	alone.Close()

	all := s.start(0)
	s.expect(0, "before", "1")
	s.scale(3)
	for ordinal, e := range s.start(1, 2) {
		all[ordinal] = e
	}
	s.await(0, "test-0", "test-1", "test-2")
	s.put(2, "during", "2")
	for ordinal := range 3 {
		s.expect(ordinal, "before", "1")
		s.expect(ordinal, "during", "2")
		if err := all[ordinal].Check(nil); err != nil {
			t.Errorf("member %d: %v", ordinal, err)
		}
	}

	s.scale(1)
	// Both end at once, as pods of a stateful set with parallel management do.
	var wg sync.WaitGroup
	wg.Go(func() { all[1].Close() })
	wg.Go(func() { all[2].Close() })
	wg.Wait()
	s.await(0, "test-0")
	s.put(0, "after", "3")

	// Members that come back later have data of a time when they belonged to the cluster.
	s.scale(3)
	for ordinal, e := range s.start(1, 2) {
		all[ordinal] = e
	}
	for ordinal := range 3 {
		s.expect(ordinal, "after", "3")
	}
}

func TestThreeEmptyMembersFormOneCluster(t *testing.T) {
	t.Parallel()
	s := newSet(t, 3)
	all := s.start(2, 1, 0)
	s.await(1, "test-0", "test-1", "test-2")
	id := s.recorded
	for ordinal, e := range all {
		if got := e.server.Server.Cluster().ID().String(); got != id {
			t.Errorf("member %d is of cluster %s, want %s", ordinal, got, id)
		}
	}
	// A stop of all of them is no reason to leave.
	s.scale(0)
	for _, e := range all {
		e.Close()
	}
	s.scale(3)
	s.start(0, 1, 2)
	if s.recorded != id {
		t.Errorf("after a stop of all the cluster is %s, want %s", s.recorded, id)
	}
}

// TestAMemberThatLostItsVolumeJoinsAnew holds for the first member too, which would begin a cluster of its own.
func TestAMemberThatLostItsVolumeJoinsAnew(t *testing.T) {
	t.Parallel()
	s := newSet(t, 3)
	all := s.start(0, 1, 2)
	s.put(0, "key", "value")
	id := s.recorded
	for _, ordinal := range []int{0, 2} {
		all[ordinal].Close()
		s.lose(ordinal)
		all[ordinal] = s.start(ordinal)[ordinal]
		s.expect(ordinal, "key", "value")
		s.await(1, "test-0", "test-1", "test-2")
	}
	if s.recorded != id {
		t.Errorf("the cluster is %s, want %s", s.recorded, id)
	}
}

func TestNobodyStartsEmptyWhileDataMayBeElsewhere(t *testing.T) {
	t.Parallel()
	s := newSet(t, 3)
	for _, e := range s.start(0, 1, 2) {
		e.Close()
	}
	s.lose(0)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c := &Cluster{Member: "test-0", Address: s.address, Host: s}
	var err error
	if c.Credentials, err = s.manager.Member("test-0", "127.0.0.1", s.data(0)); err != nil {
		t.Fatal(err)
	}
	if e, err := (Config{DataDir: s.data(0), Cluster: c}).Start(ctx); err == nil {
		e.Close()
		t.Fatal("it started empty")
	}
	if data, err := readIdentity(s.data(0)); data != nil || err != nil {
		t.Errorf("the volume holds %v, %v", data, err)
	}
}

// TestTheOthersFollowARestore holds that members with older data give it up for the cluster that was restored.
func TestTheOthersFollowARestore(t *testing.T) {
	t.Parallel()
	s := newSet(t, 3)
	for _, e := range s.start(0, 1, 2) {
		e.Close()
	}
	old := s.recorded
	s.lose(0)
	// A restore leaves a cluster of one with an identifier of its own, and says so.
	restored := start(t, s.data(0))
	s.put(0, "restored", "yes")
	restored.Close()
	if err := MarkRestored(s.data(0)); err != nil {
		t.Fatal(err)
	}
	all := s.start(0, 1, 2)
	if s.recorded == old {
		t.Error("the restored cluster was not recorded")
	}
	for ordinal := range all {
		s.expect(ordinal, "restored", "yes")
	}
	if restored, err := isRestored(s.data(0)); restored || err != nil {
		t.Errorf("it still counts as restored: %v", err)
	}
}

// TestARestoreStopsTheMembersThatItReplaces holds that there is one history at a time: the restored member serves only when
// those that run have stopped.
func TestARestoreStopsTheMembersThatItReplaces(t *testing.T) {
	t.Parallel()
	s := newSet(t, 3)
	all := s.start(0, 1, 2)
	all[0].Close()
	s.lose(0)
	start(t, s.data(0)).Close()
	if err := MarkRestored(s.data(0)); err != nil {
		t.Fatal(err)
	}
	wait := s.begin(t.Context(), 0)
	for _, ordinal := range []int{1, 2} {
		select {
		case <-all[ordinal].Done():
			all[ordinal].Close()
		case <-time.After(patience):
			t.Fatalf("member %d goes on with what was replaced", ordinal)
		}
	}
	restored := wait()
	if got := restored.server.Server.Cluster().ID().String(); got != s.recorded || restored.Members() != 1 {
		t.Errorf("cluster %s with %d members serves, %s is recorded", got, restored.Members(), s.recorded)
	}
	s.put(0, "restored", "yes")
	s.start(1, 2)
	s.expect(1, "restored", "yes")
	s.expect(2, "restored", "yes")
}

func TestAMemberWithoutQuorumIsNotReady(t *testing.T) {
	t.Parallel()
	s := newSet(t, 3)
	all := s.start(0, 1, 2)
	all[1].Close()
	all[2].Close()
	deadline := time.Now().Add(patience)
	for all[0].Check(nil) == nil && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	if err := all[0].Check(nil); err == nil || !strings.Contains(err.Error(), "2 of 3 members must run") {
		t.Errorf("it says %v", err)
	}
}

func TestNamesAndAddresses(t *testing.T) {
	c := Cluster{Member: "virt-apiserver-2", Address: "virt-apiserver-{ordinal}.peers.svc:2380"}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	host, err := c.PeerHost()
	if err != nil || host != "virt-apiserver-2.peers.svc" || c.Set() != "virt-apiserver" || c.listenAddress(2) != ":2380" {
		t.Errorf("%s, %v, %s, %s", host, err, c.Set(), c.listenAddress(2))
	}
	if ordinal, ok := c.ordinalOf("https://virt-apiserver-1.peers.svc:2380"); ordinal != 1 || !ok {
		t.Errorf("ordinal %d, %t", ordinal, ok)
	}
	if _, ok := c.ordinalOf(peerURL); ok {
		t.Error("an address of nobody has an ordinal")
	}
	for member, address := range map[string]string{
		"virt-apiserver": "a-{ordinal}:2380", "virt-apiserver-x": "a-{ordinal}:2380", "virt-apiserver-+1": "a-{ordinal}:2380", "-1": "a-{ordinal}:2380",
		"a-0": "a-{ordinal}", "a-1": "a:2380", "a-2": "a-{ordinal}:0", "a-3": "a-{ordinal}:http", "a-77": "a-{ordinal}:2380",
	} {
		if (&Cluster{Member: member, Address: address}).Validate() == nil {
			t.Errorf("member %q at %q is accepted", member, address)
		}
	}
}
