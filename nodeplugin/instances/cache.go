// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package instances watches the virtual machine instances of this node. The API server gives a
// node plugin no others.
package instances

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// retryFirst and retryLast bound the time between two tries to watch. An informer's own go up
	// to a minute, in which no guest would start although the API server is back.
	retryFirst = 300 * time.Millisecond
	retryLast  = 5 * time.Second
)

// Cache holds the instances of the node as they were last seen. It must not be copied.
type Cache struct {
	source   cache.ListerWatcher
	onChange func(types.NamespacedName)

	// mu guards what follows; the instances themselves never change.
	mu     sync.Mutex
	synced bool
	known  map[types.NamespacedName]*v1.VirtualMachineInstance
	// changed is closed and replaced at every change.
	changed chan struct{}
}

// New returns a Cache of what source lists and watches. It calls onChange, which must not block,
// after each change of an instance, its deletion included.
func New(source cache.ListerWatcher, onChange func(types.NamespacedName)) (*Cache, error) {
	if source == nil || onChange == nil {
		return nil, errors.New("source and onChange are required")
	}
	return &Cache{
		source: source, onChange: onChange, changed: make(chan struct{}),
		known: map[types.NamespacedName]*v1.VirtualMachineInstance{},
	}, nil
}

// Run watches until ctx ends.
func (c *Cache) Run(ctx context.Context) {
	reflector := cache.NewReflectorWithOptions(c.source, &v1.VirtualMachineInstance{}, (*store)(c), cache.ReflectorOptions{
		Name:    "instances",
		Backoff: &wait.Backoff{Duration: retryFirst, Factor: 2, Jitter: 0.5, Steps: 10, Cap: retryLast},
	})
	reflector.RunWithContext(ctx)
}

// Synced tells whether all instances of the node have been seen once.
func (c *Cache) Synced() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.synced
}

// Get returns the instance, or nil when the node has none of that name. It must not be changed.
func (c *Cache) Get(name types.NamespacedName) *v1.VirtualMachineInstance {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[name]
}

// errNotSynced says that the API server has not answered yet.
var errNotSynced = errors.New("the API server has not answered yet")

// Await waits until accept agrees with the instance, which is nil while the node has none of that
// name. When ctx ends first it returns what accept said last.
func (c *Cache) Await(ctx context.Context, name types.NamespacedName, accept func(*v1.VirtualMachineInstance) error) (*v1.VirtualMachineInstance, error) {
	for {
		c.mu.Lock()
		vmi, synced, changed := c.known[name], c.synced, c.changed
		c.mu.Unlock()
		err := accept(vmi)
		if err == nil {
			return vmi, nil
		}
		if vmi == nil && !synced {
			err = errNotSynced
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, err
		}
	}
}
