// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

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

// Storage holds the storages of virtualmachines and its subresources.
type Storage struct {
	VirtualMachine *REST
	Status         *frame.StatusREST
	Start          *StartREST
	Stop           *StopREST
	Restart        *RestartREST
}

// REST serves virtualmachines.
type REST struct{ *genericregistry.Store }

// ShortNames are vm and vms.
func (*REST) ShortNames() []string { return []string{"vm", "vms"} }

// Categories puts virtual machines into "all".
func (*REST) Categories() []string { return []string{"all"} }

// NewStorage returns the storages; instances reads the instance of a virtual machine.
func NewStorage(typer runtime.ObjectTyper, options generic.RESTOptionsGetter, instances InstanceStore) (*Storage, error) {
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
	machines := machineStore{main: store, status: status.Store()}
	return &Storage{
		VirtualMachine: &REST{store},
		Status:         status,
		Start:          &StartREST{machines, instances},
		Stop:           &StopREST{machines, instances},
		Restart:        &RestartREST{machines, instances},
	}, nil
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
