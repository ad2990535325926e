// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var demo = types.NamespacedName{Namespace: "tenant", Name: "demo"}

func instance(version string) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Namespace, vmi.Name, vmi.UID, vmi.ResourceVersion = demo.Namespace, demo.Name, "uid", version
	vmi.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}
	return vmi
}

// server lists and watches; it refuses while it is down.
type server struct {
	mu    sync.Mutex
	down  bool
	items []v1.VirtualMachineInstance
	feed  *watch.FakeWatcher
	// watching gets a token for each watch.
	watching chan struct{}
}

func (s *server) List(metav1.ListOptions) (runtime.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, errors.New("down")
	}
	return &v1.VirtualMachineInstanceList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: s.items}, nil
}

func (s *server) Watch(o metav1.ListOptions) (watch.Interface, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down || o.SendInitialEvents != nil {
		return nil, errors.New("down")
	}
	s.feed = watch.NewFake()
	s.watching <- struct{}{}
	return s.feed, nil
}

func (s *server) IsWatchListSemanticsUnSupported() bool { return true }

func start(t *testing.T, s *server) (*Cache, chan types.NamespacedName) {
	t.Helper()
	s.watching = make(chan struct{}, 10)
	changes := make(chan types.NamespacedName, 100)
	c, err := New(s, func(name types.NamespacedName) { changes <- name })
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { defer close(done); c.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return c, changes
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func isVersion(version string) func(*v1.VirtualMachineInstance) error {
	return func(vmi *v1.VirtualMachineInstance) error {
		if vmi == nil || vmi.ResourceVersion != version {
			return errors.New("not yet")
		}
		return nil
	}
}

func TestCacheFollowsTheServer(t *testing.T) {
	s := &server{items: []v1.VirtualMachineInstance{*instance("1")}}
	c, changes := start(t, s)
	if !c.awaitSync(within(t)) || !c.Synced() {
		t.Fatal("not synced")
	}
	if vmi := c.Get(demo); vmi == nil || vmi.ManagedFields != nil || vmi.UID != "uid" {
		t.Fatalf("got %+v", vmi)
	}
	<-s.watching
	s.feed.Modify(instance("2"))
	if _, err := c.Await(within(t), demo, isVersion("2")); err != nil {
		t.Fatal(err)
	}
	s.feed.Delete(instance("3"))
	_, err := c.Await(within(t), demo, func(vmi *v1.VirtualMachineInstance) error {
		if vmi != nil {
			return errors.New("still there")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if name := <-changes; name != demo {
			t.Fatalf("told of %v", name)
		}
	}
}

// TestCacheIsBackSoon lets the server be away and come back with other contents.
func TestCacheIsBackSoon(t *testing.T) {
	s := &server{down: true}
	c, changes := start(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Await(ctx, demo, isVersion("1")); !errors.Is(err, errNotSynced) {
		t.Fatalf("got %v", err)
	}
	s.mu.Lock()
	s.down, s.items = false, []v1.VirtualMachineInstance{*instance("1")}
	s.mu.Unlock()
	if _, err := c.Await(within(t), demo, isVersion("1")); err != nil {
		t.Fatal(err)
	}
	<-s.watching
	<-changes
	s.mu.Lock()
	s.items = nil
	s.feed.Error(&metav1.Status{Status: metav1.StatusFailure, Code: 410, Reason: metav1.StatusReasonExpired})
	s.mu.Unlock()
	if name := <-changes; name != demo || c.Get(demo) != nil {
		t.Fatalf("told of %v, have %v", name, c.Get(demo))
	}
}

func TestAwaitReturnsTheLastObjection(t *testing.T) {
	c, _ := start(t, &server{items: []v1.VirtualMachineInstance{*instance("1")}})
	c.awaitSync(within(t))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := c.Await(ctx, demo, func(*v1.VirtualMachineInstance) error { return errors.New("wrong colour") })
	if err == nil || !strings.Contains(err.Error(), "wrong colour") {
		t.Fatalf("got %v", err)
	}
}

// awaitSync waits until all instances of the node have been seen once; it tells whether they were
// before ctx ended.
func (c *Cache) awaitSync(ctx context.Context) bool {
	for {
		c.mu.Lock()
		synced, changed := c.synced, c.changed
		c.mu.Unlock()
		if synced {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}
