// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// rewatch is the pause before a watch is tried again that a restart of a server has broken.
const rewatch = 200 * time.Millisecond

// History records every state in which the objects of a namespace were seen, by watches that begin before the test
// does anything. So a wait misses no state, however short.
type History struct {
	mu sync.Mutex
	// states are in the order in which they were seen.
	states []state
	// changed is closed and replaced when states grow.
	changed chan struct{}
}

// state is an object as it was at a time; gone tells that it was deleted then.
type state struct {
	at     time.Time
	kind   reflect.Type
	name   string
	object runtime.Object
	gone   bool
}

// watch records until the test ends.
func (s *Suite) watch(t *testing.T, namespace string) *History {
	h := &History{changed: make(chan struct{})}
	vms, vmis, pods := s.Virt.KubevirtV1().VirtualMachines(namespace), s.Virt.KubevirtV1().VirtualMachineInstances(namespace), s.Kube.CoreV1().Pods(namespace)
	record(t, h, &v1.VirtualMachine{}, vms.List, vms.Watch)
	record(t, h, &v1.VirtualMachineInstance{}, vmis.List, vmis.Watch)
	record(t, h, &corev1.Pod{}, pods.List, pods.Watch)
	return h
}

func record[L runtime.Object](t *testing.T, h *History, example runtime.Object, list func(context.Context, metav1.ListOptions) (L, error),
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)) {
	store := &recorder{history: h, kind: reflect.TypeOf(example), synced: make(chan struct{}), known: map[string]runtime.Object{}}
	lw := &cache.ListWatch{
		ListWithContextFunc:  func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return list(ctx, o) },
		WatchFuncWithContext: watch,
	}
	reflector := cache.NewReflectorWithOptions(lw, example, store, cache.ReflectorOptions{
		Backoff: &wait.Backoff{Duration: rewatch, Factor: 1, Steps: 1},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		reflector.RunWithContext(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	select {
	case <-store.synced:
	case <-time.After(Quick):
		t.Fatalf("list %s: no answer within %s", store.kind, Quick)
	}
}

// await is seek that must find.
func await[T runtime.Object](t testing.TB, h *History, name string, since time.Time, timeout time.Duration, what string, fits func(T) bool) T {
	t.Helper()
	last, found := seek(t, h, name, since, timeout, fits)
	if !found {
		t.Fatalf("%T %s: not %s within %s; it is %s", last, name, what, timeout, show(last))
	}
	return last
}

// seek goes through the states of an object since a time, the one that it was in then first, until one fits. It
// returns that, or the last one; nil stands for an object that is not there.
func seek[T runtime.Object](t testing.TB, h *History, name string, since time.Time, timeout time.Duration, fits func(T) bool) (T, bool) {
	var none, last T
	kind := reflect.TypeOf(none)
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	next, seen := 0, false
	for {
		states, changed := h.since(next)
		next += len(states)
		current := state{gone: true}
		var later []state
		for _, s := range states {
			if s.kind != kind || s.name != name {
				continue
			}
			if !seen && s.at.Before(since) {
				current = s
			} else {
				later = append(later, s)
			}
		}
		if !seen {
			later = append([]state{current}, later...)
			seen = true
		}
		for _, s := range later {
			last = none
			if !s.gone {
				last = s.object.(T)
			}
			if fits(last) {
				return last, true
			}
		}
		select {
		case <-changed:
		case <-deadline.C:
			return last, false
		case <-t.Context().Done():
			return last, false
		}
	}
}

func (h *History) since(next int) ([]state, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.states[next:], h.changed
}

func (h *History) add(s state) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.at = time.Now()
	h.states = append(h.states, s)
	close(h.changed)
	h.changed = make(chan struct{})
}
