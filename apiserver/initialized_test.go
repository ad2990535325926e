// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// beginning is storage that reads its objects for the first time while err is set.
type beginning struct {
	storage.Interface
	err error
}

func (b *beginning) ReadinessCheck() error { return b.err }

func TestAServerIsReadyWhenItHasReadItsObjects(t *testing.T) {
	stores := map[string]*beginning{"machines": {err: errors.New("no matching key")}, "instances": {}}
	var next *beginning
	i := newInitialized(generic.RESTOptions{Decorator: func(*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error),
		func() runtime.Object, func() runtime.Object, storage.AttrFunc, storage.IndexerFuncs, *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		return next, func() {}, nil
	}})
	for name, s := range stores {
		next = s
		options, err := i.GetRESTOptions(schema.GroupResource{Resource: name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := options.Decorator(nil, "", nil, nil, nil, nil, nil, nil); err != nil || got != s {
			t.Fatalf("storage %v: %v", got, err)
		}
	}
	if err := i.Check(nil); err == nil || !strings.Contains(err.Error(), "read machines from etcd: no matching key") {
		t.Errorf("with objects that cannot be read: %v", err)
	}
	stores["machines"].err = nil
	if err := i.Check(nil); err != nil {
		t.Errorf("with all objects read: %v", err)
	}
	stores["machines"].err = errors.New("begins anew")
	if err := i.Check(nil); err != nil {
		t.Errorf("later: %v", err)
	}
}
