// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
	"github.com/virtplane/virtplane/test/kubeapiserver"
	"github.com/virtplane/virtplane/test/linearizability"
)

const (
	// faultTimeEnv is how long to break things, as a duration; the default suits every run of the tests.
	faultTimeEnv     = "VIRTPLANE_TEST_FAULT_TIME"
	defaultFaultTime = 35 * time.Second
	// checkTimeout bounds the check of the history, which takes long only where very many answers are unknown.
	checkTimeout = 2 * time.Minute
	// clientsPerReplica and namesAtATime make requests meet on the same objects.
	clientsPerReplica, namesAtATime = 2, 4
	// requestTimeout is how long a client waits for an answer.
	requestTimeout = 4 * time.Second
	// valueKey is the annotation that holds what a client wrote.
	valueKey = "test.virtplane.io/value"
)

// TestReplicasStayLinearizableWhileTheyCrash kills and pauses replicas at random, the leader of etcd among them, while
// clients write through all of them, and holds that one order of all requests explains every answer, that no acknowledged
// write is lost, and that the watches of all replicas tell every change in order.
func TestReplicasStayLinearizableWhileTheyCrash(t *testing.T) {
	duration := defaultFaultTime
	if text := os.Getenv(faultTimeEnv); text != "" {
		duration = must(time.ParseDuration(text))(t)
	}
	ns := newNamespace(t)
	r := newReplicas(t, "crash", 3)
	for range 3 {
		r.add()
	}
	for _, s := range r.all {
		s.await(t)
	}
	load := &load{namespace: ns, history: linearizability.NewHistory(), begin: time.Now()}
	// Before the first write, so that there is a watch to tell each.
	begin := load.list(t.Context(), r.all[0])
	if begin == nil {
		t.Fatal("the replicas do not answer")
	}
	ctx, stop := context.WithCancel(t.Context())
	var clients, watchers sync.WaitGroup
	for i, s := range r.all {
		for j := range clientsPerReplica {
			clients.Go(func() { load.run(ctx, s, i*clientsPerReplica+j) })
		}
	}
	watching, stopWatching := context.WithCancel(t.Context())
	defer stopWatching()
	witnesses := make([]*witness, len(r.all))
	for i, s := range r.all {
		witnesses[i] = &witness{watches: []linearizability.Watch{{Base: *begin}}}
		watchers.Go(func() { witnesses[i].run(watching, s, load) })
	}

	faults := r.breakThings(duration)
	stop()
	clients.Wait()
	for _, s := range r.all {
		s.await(t)
	}
	final := load.list(t.Context(), r.all[0])
	if final == nil {
		t.Fatal("the replicas do not answer in the end")
	}
	// Events of the namespace end with one that every watch has to tell.
	last := must(r.all[0].api.VirtualMachines(ns).Create(t.Context(), valued("last", "last", ""), metav1.CreateOptions{}))(t)
	for i, w := range witnesses {
		eventually(t, fmt.Sprintf("the watch of replica %d catches up", i), func(context.Context) error { return w.reached(last.ResourceVersion) })
	}
	stopWatching()
	watchers.Wait()

	counts := load.history.Count()
	t.Logf("%d faults in %s (%s), requests by outcome %v, %d lists", len(faults), duration, faults, counts, len(load.lists))
	if counts[linearizability.Done] < 100 {
		t.Errorf("only %d requests succeeded", counts[linearizability.Done])
	}
	result, info := load.history.Check(checkTimeout)
	if result != porcupine.Ok {
		path := cluster.file("history.html")
		t.Errorf("the history is %s; drawn in %s: %v", result, path, load.history.Draw(info, path))
	}
	writes := load.history.Writes()
	var all []linearizability.Watch
	for i, w := range witnesses {
		all = append(all, w.watches...)
		for _, watch := range w.watches {
			for _, problem := range watch.Check(writes, load.lists) {
				t.Errorf("watch of replica %d from %d: %s", i, watch.Base.Version, problem)
			}
		}
	}
	if untold := linearizability.Untold(all, writes); len(untold) > 0 {
		t.Errorf("no watch was there to tell %v", untold)
	}
}

// breakThings kills and pauses replicas, one at a time, and returns what it did.
func (r *replicas) breakThings(duration time.Duration) []string {
	r.t.Helper()
	var done []string
	for end := time.Now().Add(duration); time.Now().Before(end); {
		victim := rand.IntN(len(r.all))
		kind := [...]string{"kill", "pause", "kill the leader", "pause the leader"}[rand.IntN(4)]
		if leader := r.leader(); leader >= 0 && len(kind) > len("pause") {
			victim = leader
		}
		s := r.all[victim]
		done = append(done, fmt.Sprintf("%s %d", kind, victim))
		if kind[0] == 'k' {
			if err := s.kill(); err != nil {
				r.t.Fatal(err)
			}
			pause(r.t.Context(), time.Duration(rand.IntN(1500))*time.Millisecond)
			s.begin(r.t)
		} else {
			for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
				if err := s.signal(sig); err != nil {
					r.t.Fatal(err)
				}
				pause(r.t.Context(), time.Second+time.Duration(rand.IntN(2500))*time.Millisecond)
			}
		}
		// With two of three away nothing is answered, from which nothing can be learnt.
		if err := s.wait(r.t.Context()); err != nil {
			r.t.Fatalf("after %s: %v: %s", done[len(done)-1], err, kubeapiserver.Tail(s.log))
		}
	}
	return done
}

// leader returns the replica whose etcd member leads, or -1.
func (r *replicas) leader() int {
	for i, s := range r.all {
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{embeddedetcd.Endpoint(s.dataDir)}, DialTimeout: time.Second})
		if err == nil {
			status, err := client.Status(ctx, embeddedetcd.Endpoint(s.dataDir))
			client.Close()
			if err == nil && status.Leader == status.Header.MemberId {
				cancel()
				return i
			}
		}
		cancel()
	}
	return -1
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
