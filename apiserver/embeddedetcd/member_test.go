// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	utilwait "k8s.io/apimachinery/pkg/util/wait"
)

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
	told := func(context.Context) (bool, error) { return all[0].Check(nil) != nil, nil }
	if err := utilwait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, told); err != nil {
		t.Fatalf("it finds nothing wrong: %v", err)
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
