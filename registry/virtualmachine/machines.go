// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
	"github.com/virtplane/virtplane/registry/subresource"
)

// machineStore changes virtual machines on behalf of the subresources.
type machineStore struct{ main, status *genericregistry.Store }

// change is what a subresource does to a virtual machine: it sets the spec or the status, and
// returns what it set, or the reason why it cannot be done.
type change func(vm *v1.VirtualMachine) (effect, error)

// effect is what of a virtual machine was changed.
type effect struct {
	part part
	// set and removed are the changed fields.
	set, removed *fieldpath.Set
}

type part string

const (
	nothing   part = "nothing"
	theSpec   part = "spec"
	theStatus part = "status"
)

// none is the effect of a verb that finds nothing to do.
var none = effect{part: nothing}

func changedSpec(fields ...fieldpath.Path) effect {
	return effect{theSpec, fieldpath.NewSet(fields...), fieldpath.NewSet()}
}

func changedStatus(fields ...fieldpath.Path) effect {
	return effect{theStatus, fieldpath.NewSet(fields...), fieldpath.NewSet()}
}

// get returns the virtual machine called name, or the error that clients of the subresources know.
func (m machineStore) get(ctx context.Context, name string) (*v1.VirtualMachine, error) {
	obj, err := m.main.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, frame.Machine.Rename(err, name)
	}
	return obj.(*v1.VirtualMachine), nil
}

// find is get for those who may do without: nil is no error.
func (m machineStore) find(ctx context.Context, name string) (*v1.VirtualMachine, error) {
	vm, err := m.get(ctx, name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return vm, err
}

// apply makes a change in one transaction, so that two requests at once cannot both be granted.
func (m machineStore) apply(ctx context.Context, name, verb string, writer subresource.Writer, do change) error {
	vm, err := m.get(ctx, name)
	if err != nil {
		return err
	}
	// The change is tried on a copy first: what it touches decides the store whose rules apply.
	touched, err := do(vm.DeepCopy())
	if err != nil || touched.part == nothing {
		return err
	}
	store := m.main
	if touched.part == theStatus {
		store = m.status
	}
	info := rest.DefaultUpdatedObjectInfo(nil, func(_ context.Context, _, current runtime.Object) (runtime.Object, error) {
		vm := current.(*v1.VirtualMachine).DeepCopy()
		now, err := do(vm)
		switch {
		case err != nil:
			return nil, err
		case now.part != touched.part:
			return nil, conflict(name, "it changed meanwhile; try again")
		}
		owner := frame.Owner{Manager: writer.Manager, Subresource: verb, APIVersion: v1.SchemeGroupVersion.String(), Now: metav1.Now()}
		if err := frame.Own(vm, owner, now.set, now.removed); err != nil {
			return nil, apierrors.NewInternalError(err)
		}
		return vm, nil
	})
	_, _, err = store.Update(ctx, name, info, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false,
		&metav1.UpdateOptions{DryRun: writer.DryRun})
	return frame.Machine.Rename(err, name)
}

// try tells whether a change will be granted, without making it.
func (m machineStore) try(ctx context.Context, name, verb string, writer subresource.Writer, do change) error {
	writer.DryRun = []string{metav1.DryRunAll}
	return m.apply(ctx, name, verb, writer, do)
}

// conflict is the answer to a request that does not fit the virtual machine's state.
func conflict(name, message string) error { return frame.Machine.Conflict(name, message) }
