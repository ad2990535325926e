// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package store keeps a copy of watched objects that is never older than what this process wrote:
// a reconciler that created or changed an object finds it in the store at once, not when the watch
// brings it. What is kept of an object is up to its Trim function.
package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
)

const (
	// retryFirst and retryCap bound the wait between two tries to reach an API server that is away.
	// The cap keeps the time until everything is right again after its return well under 30 s;
	// client-go's own cap is 30 to 60 s.
	retryFirst = 200 * time.Millisecond
	retryCap   = 3 * time.Second
	retrySteps = 10

	// pendingFor bounds how long an object that this process wrote outlives a list without it, and
	// how long one that is gone is remembered. A watch brings an object in milliseconds; one that was
	// created and deleted between two lists never comes.
	pendingFor = 30 * time.Second

	ownerIndex = "owner"
)

// Object is what a Store can hold.
type Object interface {
	comparable
	runtime.Object
	metav1.Object
}

// Options say what a Store keeps and how it finds it.
type Options[T Object] struct {
	// Trim drops what nobody reads, so that an object costs little memory. It may be nil.
	Trim func(T)
	// Owner returns the key under which Owned finds the object. It may be nil.
	Owner func(T) (types.NamespacedName, bool)
}

// Store is a local copy of one kind of object.
type Store[T Object] struct {
	options Options[T]
	index   cache.Indexer
	synced  chan struct{}
	once    sync.Once

	// handlers are called with every object that was added, changed or deleted.
	handlers []func(T)

	// mu makes compare-and-set of index one step and guards pending and gone.
	mu sync.Mutex
	// pending holds the objects that this process wrote and the watch has not shown yet.
	pending map[string]pending
	// gone holds when objects were deleted of late: an answer that was under way then must not bring one back.
	gone map[types.UID]time.Time
	// now is time.Now but in tests.
	now func() time.Time
}

type pending struct {
	resourceVersion string
	since           time.Time
}

// New makes an empty store.
func New[T Object](options Options[T]) *Store[T] {
	s := &Store[T]{
		options: options,
		synced:  make(chan struct{}),
		pending: map[string]pending{},
		gone:    map[types.UID]time.Time{},
		now:     time.Now,
	}
	s.index = cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{ownerIndex: s.ownerKeys})
	return s
}

func (s *Store[T]) ownerKeys(obj any) ([]string, error) {
	if s.options.Owner == nil {
		return nil, nil
	}
	if key, ok := s.options.Owner(obj.(T)); ok {
		return []string{key.String()}, nil
	}
	return nil, nil
}

// Handle adds a handler, which must not block. It must be called before Run.
func (s *Store[T]) Handle(handler func(T)) { s.handlers = append(s.handlers, handler) }

// Get returns the object, which the caller must not change, or nil.
func (s *Store[T]) Get(key types.NamespacedName) T {
	obj, ok, _ := s.index.GetByKey(keyOf(key))
	if !ok {
		var none T
		return none
	}
	return obj.(T)
}

// Owned returns the objects under the owner key, in no order.
func (s *Store[T]) Owned(owner types.NamespacedName) []T {
	objs, _ := s.index.ByIndex(ownerIndex, owner.String()) // the index exists
	return typed[T](objs)
}

// List returns all objects, in no order.
func (s *Store[T]) List() []T { return typed[T](s.index.List()) }

func typed[T Object](objs []any) []T {
	out := make([]T, len(objs))
	for i := range objs {
		out[i] = objs[i].(T)
	}
	return out
}

// HasSynced tells that the store has held everything at least once.
func (s *Store[T]) HasSynced() bool {
	select {
	case <-s.synced:
		return true
	default:
		return false
	}
}

// WaitForSync returns when the store holds everything.
func (s *Store[T]) WaitForSync(ctx context.Context) error {
	select {
	case <-s.synced:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the first list: %w", context.Cause(ctx))
	}
}

// Run fills the store from source until ctx ends.
func (s *Store[T]) Run(ctx context.Context, source cache.ListerWatcher, example T) {
	cache.NewReflectorWithOptions(source, example, (*feed[T])(s), cache.ReflectorOptions{
		Name:    fmt.Sprintf("%T", example),
		Backoff: &wait.Backoff{Duration: retryFirst, Factor: 2, Jitter: 0.2, Steps: retrySteps, Cap: retryCap},
	}).RunWithContext(ctx)
}

// Put takes an object as the API server returned it after a create, an update or a live get.
// The store owns it from then on.
func (s *Store[T]) Put(obj T) {
	if s.options.Trim != nil {
		s.options.Trim(obj)
	}
	key := objectKey(obj)
	s.mu.Lock()
	held, ok, _ := s.index.GetByKey(key)
	_, gone := s.gone[obj.GetUID()]
	if gone || ok && !newer(obj.GetResourceVersion(), held.(T).GetResourceVersion()) {
		s.mu.Unlock()
		return
	}
	s.index.Add(obj)
	s.pending[key] = pending{resourceVersion: obj.GetResourceVersion(), since: s.now()}
	s.mu.Unlock()
	s.changed(obj)
}

// PutOrDrop takes the answer to a write that may have removed the last finalizer of a deleted
// object, with which the API server removes the object.
func (s *Store[T]) PutOrDrop(obj T) {
	if obj.GetDeletionTimestamp() != nil && len(obj.GetFinalizers()) == 0 {
		s.Drop(types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}, obj.GetUID())
		return
	}
	s.Put(obj)
}

// Drop forgets an object of which the API server has said that it is gone.
func (s *Store[T]) Drop(key types.NamespacedName, uid types.UID) {
	s.mu.Lock()
	held, ok, _ := s.index.GetByKey(keyOf(key))
	if !ok || held.(T).GetUID() != uid {
		s.mu.Unlock()
		return
	}
	s.remove(held.(T))
	s.mu.Unlock()
	s.changed(held.(T))
}

// remove takes an object out that is gone; mu is held.
func (s *Store[T]) remove(obj T) {
	s.index.Delete(obj)
	delete(s.pending, objectKey(obj))
	for uid, at := range s.gone {
		if s.now().Sub(at) > pendingFor {
			delete(s.gone, uid)
		}
	}
	s.gone[obj.GetUID()] = s.now()
}

// Deleting marks the object as being deleted, after the API server has accepted that; it answers a
// deletion without the object. grace is the grace period in seconds that was asked for, nil for the
// object's own. The handlers are not called: the watch brings the change.
func (s *Store[T]) Deleting(key types.NamespacedName, uid types.UID, grace *int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok, _ := s.index.GetByKey(keyOf(key))
	if !ok || held.(T).GetUID() != uid {
		return
	}
	marked := held.(T).DeepCopyObject().(T)
	if marked.GetDeletionTimestamp() == nil {
		marked.SetDeletionTimestamp(&metav1.Time{Time: s.now()})
	}
	if grace != nil {
		marked.SetDeletionGracePeriodSeconds(grace)
	}
	s.index.Add(marked)
}

func (s *Store[T]) changed(obj T) {
	for _, handler := range s.handlers {
		handler(obj)
	}
}

func keyOf(key types.NamespacedName) string {
	return cache.NewObjectName(key.Namespace, key.Name).String()
}

// newer tells that version a came after b; versions that cannot be compared count as newer.
func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}

// older tells that version a came before b.
func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}
