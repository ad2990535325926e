// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// initialized keeps a server from being ready before it has read every object once. One that lacks the
// key to them would otherwise replace one replica after the other.
type initialized struct {
	generic.RESTOptionsGetter

	// mu guards what is still to be read. A storage that begins anew later is not put back: that is over in moments.
	mu      sync.Mutex
	waiting map[schema.GroupResource]storage.Interface
}

func newInitialized(getter generic.RESTOptionsGetter) *initialized {
	return &initialized{RESTOptionsGetter: getter, waiting: map[schema.GroupResource]storage.Interface{}}
}

// GetRESTOptions returns options whose storage is waited for.
func (i *initialized) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := i.RESTOptionsGetter.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	inner := options.Decorator
	options.Decorator = func(config *storagebackend.ConfigForResource, prefix string, key func(runtime.Object) (string, error),
		newOne, newList func() runtime.Object, attributes storage.AttrFunc, triggers storage.IndexerFuncs, indexers *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		s, destroy, err := inner(config, prefix, key, newOne, newList, attributes, triggers, indexers)
		if err == nil {
			i.mu.Lock()
			defer i.mu.Unlock()
			i.waiting[resource] = s
		}
		return s, destroy, err
	}
	return options, nil
}

// Name is that of the check of readiness.
func (i *initialized) Name() string { return "storage-initialized" }

// Check fails until every object was read.
func (i *initialized) Check(*http.Request) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	for resource, s := range i.waiting {
		if err := s.ReadinessCheck(); err != nil {
			return fmt.Errorf("read %s from etcd: %w", resource, err)
		}
		delete(i.waiting, resource)
	}
	return nil
}
