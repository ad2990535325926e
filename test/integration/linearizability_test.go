// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	clientv3 "go.etcd.io/etcd/client/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
	"github.com/virtplane/virtplane/client/clientset/versioned/scheme"
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
	ctx, stop := context.WithCancel(t.Context())
	var clients, watchers sync.WaitGroup
	for i, s := range r.all {
		for j := range clientsPerReplica {
			clients.Go(func() { load.run(ctx, s, i*clientsPerReplica+j) })
		}
	}
	begin := load.list(t.Context(), r.all[0])
	if begin == nil {
		t.Fatal("the replicas do not answer")
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
			r.t.Fatalf("after %s: %v: %s", done[len(done)-1], err, tail(s.log))
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

// load is what the clients do and see.
type load struct {
	namespace string
	history   *linearizability.History
	begin     time.Time

	// mu guards lists.
	mu    sync.Mutex
	lists []linearizability.List
}

// run sends requests through one replica until ctx ends.
func (l *load) run(ctx context.Context, s *replica, client int) {
	for n := 0; ctx.Err() == nil; n++ {
		// Objects are given up after some seconds: each request without an answer makes their history harder to check.
		name := fmt.Sprintf("vm-%d-%d", int(time.Since(l.begin)/(4*time.Second)), rand.IntN(namesAtATime))
		value := fmt.Sprintf("%d-%d", client, n)
		switch rand.IntN(6) {
		case 0, 1:
			l.do(ctx, s, client, linearizability.Request{Verb: linearizability.Create, Name: name, Value: value})
		case 2:
			l.list(ctx, s)
		default:
			read, vm := l.do(ctx, s, client, linearizability.Request{Verb: linearizability.Get, Name: name})
			change := linearizability.Request{Verb: linearizability.Update, Name: name, Value: value, Version: read.Version}
			// Only an object without finalizers goes when it is deleted; the first update takes them off.
			if len(vm.Finalizers) == 0 && rand.IntN(4) == 0 {
				change.Verb, change.Value = linearizability.Delete, ""
			}
			if read.Outcome == linearizability.Done {
				l.do(ctx, s, client, change)
			}
		}
	}
}

func valued(name, value, version string) *v1.VirtualMachine {
	vm := newVM(name)
	vm.Annotations = map[string]string{valueKey: value}
	vm.ResourceVersion = version
	return vm
}

// do sends one request, once, and records it.
func (l *load) do(ctx context.Context, s *replica, client int, r linearizability.Request) (linearizability.Answer, *v1.VirtualMachine) {
	// A request under way when the load ends still has an answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	rest := s.api.RESTClient()
	call := l.history.Now()
	vm := &v1.VirtualMachine{}
	var err error
	switch r.Verb {
	case linearizability.Create:
		err = rest.Post().MaxRetries(0).Namespace(l.namespace).Resource("virtualmachines").Body(valued(r.Name, r.Value, "")).Do(ctx).Into(vm)
	case linearizability.Update:
		err = rest.Put().MaxRetries(0).Namespace(l.namespace).Resource("virtualmachines").Name(r.Name).
			Body(valued(r.Name, r.Value, strconv.FormatInt(r.Version, 10))).Do(ctx).Into(vm)
	case linearizability.Delete:
		version := strconv.FormatInt(r.Version, 10)
		err = rest.Delete().MaxRetries(0).Namespace(l.namespace).Resource("virtualmachines").Name(r.Name).
			Body(&metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &version}}).Do(ctx).Error()
	default:
		err = rest.Get().MaxRetries(0).Namespace(l.namespace).Resource("virtualmachines").Name(r.Name).Do(ctx).Into(vm)
	}
	answer := linearizability.Answer{Outcome: outcome(err), Value: vm.Annotations[valueKey]}
	if answer.Outcome == linearizability.Done && r.Verb != linearizability.Delete {
		answer.Version, err = strconv.ParseInt(vm.ResourceVersion, 10, 64)
		if err != nil {
			panic(err) // the API promises numbers
		}
	}
	if refused(err) {
		// Nobody was there to carry it out.
		pause(ctx, 50*time.Millisecond)
		return answer, vm
	}
	l.history.Add(client, call, r, answer)
	return answer, vm
}

func outcome(err error) linearizability.Outcome {
	switch {
	case err == nil:
		return linearizability.Done
	case apierrors.IsNotFound(err):
		return linearizability.Missing
	case apierrors.IsAlreadyExists(err):
		return linearizability.Exists
	case apierrors.IsConflict(err):
		return linearizability.Conflict
	default:
		return linearizability.Unknown
	}
}

func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// list reads all objects at once, and remembers them.
func (l *load) list(ctx context.Context, s *replica) *linearizability.List {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	found := &v1.VirtualMachineList{}
	if err := s.api.RESTClient().Get().MaxRetries(0).Namespace(l.namespace).Resource("virtualmachines").Do(ctx).Into(found); err != nil {
		return nil
	}
	list := linearizability.List{Objects: map[string]linearizability.Stored{}}
	list.Version, _ = strconv.ParseInt(found.ResourceVersion, 10, 64)
	for i := range found.Items {
		version, _ := strconv.ParseInt(found.Items[i].ResourceVersion, 10, 64)
		list.Objects[found.Items[i].Name] = linearizability.Stored{Value: found.Items[i].Annotations[valueKey], Version: version}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lists = append(l.lists, list)
	return &list
}

// witness watches through one replica. When the watch breaks it goes on where it was, or lists anew where the replica has
// forgotten what came since.
type witness struct {
	// mu guards watches.
	mu      sync.Mutex
	watches []linearizability.Watch
}

func (w *witness) run(ctx context.Context, s *replica, l *load) {
	for ctx.Err() == nil {
		from := strconv.FormatInt(w.version(), 10)
		stream, err := s.api.RESTClient().Get().MaxRetries(0).Namespace(l.namespace).Resource("virtualmachines").
			VersionedParams(&metav1.ListOptions{Watch: true, ResourceVersion: from}, scheme.ParameterCodec).Watch(ctx)
		if err == nil {
			for event := range stream.ResultChan() {
				if err = w.see(event.Type, event.Object); err != nil {
					break
				}
			}
			stream.Stop()
		}
		if apierrors.IsGone(err) || apierrors.IsResourceExpired(err) {
			if list := l.list(ctx, s); list != nil {
				w.again(list)
			}
		}
		pause(ctx, 50*time.Millisecond)
	}
}

func (w *witness) version() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.watches[len(w.watches)-1].End()
}

func (w *witness) again(list *linearizability.List) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watches = append(w.watches, linearizability.Watch{Base: *list})
}

func (w *witness) see(kind watch.EventType, obj runtime.Object) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	vm, ok := obj.(*v1.VirtualMachine)
	if !ok {
		return apierrors.FromObject(obj)
	}
	version, err := strconv.ParseInt(vm.ResourceVersion, 10, 64)
	if err != nil {
		return err
	}
	now := &w.watches[len(w.watches)-1]
	now.Events = append(now.Events, linearizability.Event{Name: vm.Name, Value: vm.Annotations[valueKey], Version: version, Deleted: kind == watch.Deleted})
	return nil
}

func (w *witness) reached(version string) error {
	if at := strconv.FormatInt(w.version(), 10); at != version {
		return fmt.Errorf("it is at %s, not %s", at, version)
	}
	return nil
}
