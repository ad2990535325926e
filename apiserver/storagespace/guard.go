// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// Reason is that of the Status with which writes are refused for want of room.
const Reason metav1.StatusReason = "InsufficientStorage"

const (
	// lookEvery is after how many written bytes the room is looked at: what fills it fast is seen before it is full.
	lookEvery = 512 << 10
	// usualSize is what an object counts that does not tell its size.
	usualSize = 4 << 10
)

// Room tells whether there is room. A Keeper does.
type Room interface {
	Verdict() Verdict
	Poke()
}

// Guard returns storage that refuses writes for want of room in words that say what to do. room is nil
// for an external etcd, which its own administrators look after.
func Guard(getter generic.RESTOptionsGetter, room Room) generic.RESTOptionsGetter {
	return guarded{RESTOptionsGetter: getter, room: room}
}

type guarded struct {
	generic.RESTOptionsGetter
	room Room
}

func (g guarded) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := g.RESTOptionsGetter.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	inner := options.Decorator
	options.Decorator = func(config *storagebackend.ConfigForResource, prefix string, key func(runtime.Object) (string, error),
		newOne, newList func() runtime.Object, attributes storage.AttrFunc, triggers storage.IndexerFuncs, indexers *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		s, destroy, err := inner(config, prefix, key, newOne, newList, attributes, triggers, indexers)
		if err != nil {
			return nil, destroy, err
		}
		return &store{Interface: s, resource: resource, room: g.room}, destroy, nil
	}
	return options, nil
}

// store is storage of one resource.
type store struct {
	storage.Interface
	resource schema.GroupResource
	room     Room
	// written counts bytes since the last look that was asked for.
	written atomic.Int64
}

// Create refuses new objects before etcd refuses every write. Objects that belong to one that is there
// pass: a machine must be able to start again while somebody makes room.
func (s *store) Create(ctx context.Context, key string, obj, out runtime.Object, ttl uint64) error {
	if s.room != nil && s.room.Verdict().Level == Full && !owned(obj) {
		return s.refuse("new objects are refused until there is more room")
	}
	return s.explain(s.Interface.Create(ctx, key, obj, out, ttl), obj)
}

func (s *store) Delete(ctx context.Context, key string, out runtime.Object, preconditions *storage.Preconditions,
	validate storage.ValidateObjectFunc, cached runtime.Object, options storage.DeleteOptions,
) error {
	return s.explain(s.Interface.Delete(ctx, key, out, preconditions, validate, cached, options), nil)
}

func (s *store) GuaranteedUpdate(ctx context.Context, key string, out runtime.Object, ignoreNotFound bool,
	preconditions *storage.Preconditions, update storage.UpdateFunc, cached runtime.Object,
) error {
	return s.explain(s.Interface.GuaranteedUpdate(ctx, key, out, ignoreNotFound, preconditions, update, cached), out)
}

func owned(obj runtime.Object) bool {
	accessor, err := meta.Accessor(obj)
	return err == nil && metav1.GetControllerOfNoCopy(accessor) != nil
}

// count has the room looked at when much was written.
func (s *store) count(obj runtime.Object) {
	size := usualSize
	if sized, ok := obj.(interface{ Size() int }); ok {
		size = sized.Size()
	}
	if s.written.Add(int64(size)) >= lookEvery {
		s.written.Store(0)
		s.room.Poke()
	}
}

// explain replaces etcd's answer that it is full, and counts what it took.
func (s *store) explain(err error, obj runtime.Object) error {
	if err == nil && s.room != nil {
		s.count(obj)
	}
	if err == nil || !errors.Is(err, rpctypes.ErrNoSpace) {
		return err
	}
	if s.room == nil {
		return s.refuse("the external etcd has no space left: compact and defragment it, or raise its quota, and disarm its alarm NOSPACE")
	}
	s.room.Poke()
	return s.refuse("nothing is written until there is more room")
}

func (s *store) refuse(what string) error {
	refused.WithLabelValues(s.resource.String()).Inc()
	if s.room != nil {
		what += "; the health check storage-space of virt-apiserver and an Event in its namespace say what to do"
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInsufficientStorage, Reason: Reason,
		Message: fmt.Sprintf("cannot store %s: the storage of virt-apiserver is full: %s", s.resource, what),
		Details: &metav1.StatusDetails{Group: s.resource.Group, Kind: s.resource.Resource},
	}}
}
