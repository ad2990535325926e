// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package instances watches the virtual machine instances of this node. The API server gives a
// node plugin no others.
package instances

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Cache holds the instances of the node as they were last seen.
type Cache struct {
	informer cache.SharedIndexInformer

	mu sync.Mutex
	// changed is closed and replaced at every event; mu guards it.
	changed chan struct{}
}

// New returns a Cache of what source lists and watches: the instances of this node.
func New(source cache.ListerWatcher) (*Cache, error) {
	c := &Cache{changed: make(chan struct{}), informer: cache.NewSharedIndexInformer(source, &v1.VirtualMachineInstance{}, 0, nil)}
	// Who owns which field is a third of an object and nothing to a node.
	err := c.informer.SetTransform(func(object any) (any, error) {
		if vmi, ok := object.(*v1.VirtualMachineInstance); ok {
			vmi.ManagedFields = nil
		}
		return object, nil
	})
	if err != nil {
		return nil, fmt.Errorf("set transform: %w", err)
	}
	return c, c.OnChange(func(types.NamespacedName) { c.broadcast() })
}

// Run watches until ctx ends.
func (c *Cache) Run(ctx context.Context) { c.informer.RunWithContext(ctx) }

// Synced tells whether all instances of the node have been seen once.
func (c *Cache) Synced() bool { return c.informer.HasSynced() }

// OnChange calls fn after each change of an instance, its deletion included, one at a time.
func (c *Cache) OnChange(fn func(types.NamespacedName)) error {
	notify := func(object any) {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		if vmi, ok := object.(*v1.VirtualMachineInstance); ok {
			fn(types.NamespacedName{Namespace: vmi.Namespace, Name: vmi.Name})
		}
	}
	_, err := c.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: notify, UpdateFunc: func(_, object any) { notify(object) }, DeleteFunc: notify,
	})
	if err != nil {
		return fmt.Errorf("watch instances: %w", err)
	}
	return nil
}

// Get returns the instance, or nil when the node has none of that name. It must not be changed.
func (c *Cache) Get(name types.NamespacedName) *v1.VirtualMachineInstance {
	object, exists, err := c.informer.GetStore().GetByKey(name.String())
	if err != nil || !exists {
		return nil
	}
	return object.(*v1.VirtualMachineInstance)
}

// UIDs returns the UIDs of all instances of the node.
func (c *Cache) UIDs() map[types.UID]bool {
	uids := map[types.UID]bool{}
	for _, object := range c.informer.GetStore().List() {
		uids[object.(*v1.VirtualMachineInstance).UID] = true
	}
	return uids
}

// errNotSynced says that the API server has not answered yet.
var errNotSynced = errors.New("the API server has not answered yet")

// Await waits until accept agrees with the instance, which is nil while the node has none of that
// name. When ctx ends first it returns what accept said last.
func (c *Cache) Await(ctx context.Context, name types.NamespacedName, accept func(*v1.VirtualMachineInstance) error) (*v1.VirtualMachineInstance, error) {
	for {
		changed := c.watch()
		vmi := c.Get(name)
		err := accept(vmi)
		if err == nil {
			return vmi, nil
		}
		if vmi == nil && !c.Synced() {
			err = errNotSynced
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (c *Cache) watch() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *Cache) broadcast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}
