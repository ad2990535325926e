// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"fmt"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/storage"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// Storage holds the storages of kubevirts.
type Storage struct {
	KubeVirt *REST
	Status   *frame.StatusREST
}

// REST serves kubevirts.
type REST struct{ *genericregistry.Store }

// ShortNames are kv and kvs.
func (*REST) ShortNames() []string { return []string{"kv", "kvs"} }

// Categories puts KubeVirts into "all".
func (*REST) Categories() []string { return []string{"all"} }

// NewStorage returns the storages of an installation in namespace.
func NewStorage(typer runtime.ObjectTyper, options generic.RESTOptionsGetter, namespace string) (*Storage, error) {
	s := strategy{frame.NewStrategy(typer), namespace}
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &v1.KubeVirt{} },
		NewListFunc:               func() runtime.Object { return &v1.KubeVirtList{} },
		PredicateFunc:             match,
		DefaultQualifiedResource:  v1.Resource("kubevirts"),
		SingularQualifiedResource: v1.Resource("kubevirt"),
		CreateStrategy:            s,
		UpdateStrategy:            s,
		DeleteStrategy:            s,
		ResetFieldsStrategy:       s,
		TableConvertor:            table,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: options, AttrFunc: attributes}); err != nil {
		return nil, fmt.Errorf("open storage of kubevirts: %w", err)
	}
	return &Storage{KubeVirt: &REST{store}, Status: frame.NewStatusREST(store, statusRules(s), nil)}, nil
}

func attributes(obj runtime.Object) (labels.Set, fields.Set, error) {
	kv, ok := obj.(*v1.KubeVirt)
	if !ok {
		return nil, nil, fmt.Errorf("%T is not a KubeVirt", obj)
	}
	return kv.Labels, generic.ObjectMetaFieldsSet(&kv.ObjectMeta, true), nil
}

func match(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: attributes}
}
