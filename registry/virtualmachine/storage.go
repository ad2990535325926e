// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/storage"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
	"github.com/virtplane/virtplane/registry/subresource"
)

// Storage holds the storages of virtualmachines and its subresources.
type Storage struct {
	VirtualMachine *REST
	Status         *frame.StatusREST
	// Verbs are the other subresources by name.
	Verbs    map[string]*subresource.Endpoint
	machines machineStore
}

// Find returns the virtual machine called name, or nil when there is none.
func (s *Storage) Find(ctx context.Context, name string) (*v1.VirtualMachine, error) {
	return s.machines.find(ctx, name)
}

// REST serves virtualmachines.
type REST struct{ *genericregistry.Store }

// ShortNames are vm and vms.
func (*REST) ShortNames() []string { return []string{"vm", "vms"} }

// Categories puts virtual machines into "all".
func (*REST) Categories() []string { return []string{"all"} }

// NewStorage returns the storages; instances and guests reach the instance of a virtual machine, gates
// tells which features are on.
func NewStorage(typer runtime.ObjectTyper, options generic.RESTOptionsGetter, instances InstanceStore, guests InstanceVerbs, gates subresource.Gates) (*Storage, error) {
	s := strategy{frame.NewStrategy(typer)}
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &v1.VirtualMachine{} },
		NewListFunc:               func() runtime.Object { return &v1.VirtualMachineList{} },
		PredicateFunc:             match,
		DefaultQualifiedResource:  v1.Resource("virtualmachines"),
		SingularQualifiedResource: v1.Resource("virtualmachine"),
		CreateStrategy:            s,
		UpdateStrategy:            s,
		DeleteStrategy:            s,
		ResetFieldsStrategy:       s,
		TableConvertor:            table,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: options, AttrFunc: attributes}); err != nil {
		return nil, fmt.Errorf("open storage of virtualmachines: %w", err)
	}
	status := frame.NewStatusREST(store, statusRules(s), nil)
	changing := machineStore{main: store, status: status.Store()}
	return &Storage{&REST{store}, status, verbs{changing, instances, guests, gates}.endpoints(), changing}, nil
}

func attributes(obj runtime.Object) (labels.Set, fields.Set, error) {
	vm, ok := obj.(*v1.VirtualMachine)
	if !ok {
		return nil, nil, fmt.Errorf("%T is not a VirtualMachine", obj)
	}
	return vm.Labels, generic.ObjectMetaFieldsSet(&vm.ObjectMeta, true), nil
}

func match(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: attributes}
}
