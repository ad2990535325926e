// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned/scheme"
	"github.com/virtplane/virtplane/test/linearizability"
)

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
