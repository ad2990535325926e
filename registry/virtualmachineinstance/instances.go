// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

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

// Surroundings is what the subresources of instances need to know besides instances.
type Surroundings struct {
	Nodes Nodes
	// Machine returns the virtual machine called name, or nil when there is none.
	Machine func(ctx context.Context, name string) (*v1.VirtualMachine, error)
	// Drained returns the taint by which a node says that its guests shall leave, or nothing.
	Drained func(ctx context.Context, node string) (string, error)
	Gates   subresource.Gates
	// Stopping is closed when the server begins to stop: it would wait for answers that have no end.
	Stopping <-chan struct{}
}

// Instances reads and changes instances on behalf of the subresources, also those of virtual machines.
type Instances struct {
	store, grace, status *genericregistry.Store
	hop                  hop
	around               Surroundings
}

// get returns the instance called name, or the error that clients of the subresources know.
func (i *Instances) get(ctx context.Context, name string) (*v1.VirtualMachineInstance, error) {
	obj, err := i.store.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, frame.Instance.Rename(err, name)
	}
	return obj.(*v1.VirtualMachineInstance), nil
}

// Instance returns the instance called name, or nil when there is none.
func (i *Instances) Instance(ctx context.Context, name string) (*v1.VirtualMachineInstance, error) {
	vmi, err := i.get(ctx, name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return vmi, err
}

// update makes a change to an instance in one transaction; it sets the fields in set and removes those in removed.
func (i *Instances) update(ctx context.Context, store *genericregistry.Store, name, verb string, writer subresource.Writer,
	set, removed *fieldpath.Set, change func(*v1.VirtualMachineInstance) error) error {
	info := rest.DefaultUpdatedObjectInfo(nil, func(_ context.Context, _, current runtime.Object) (runtime.Object, error) {
		vmi := current.(*v1.VirtualMachineInstance).DeepCopy()
		if err := change(vmi); err != nil {
			return nil, err
		}
		owner := frame.Owner{Manager: writer.Manager, Subresource: verb, APIVersion: v1.SchemeGroupVersion.String(), Now: metav1.Now()}
		if err := frame.Own(vmi, owner, set, removed); err != nil {
			return nil, apierrors.NewInternalError(err)
		}
		return vmi, nil
	})
	_, _, err := store.Update(ctx, name, info, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false,
		&metav1.UpdateOptions{DryRun: writer.DryRun})
	return frame.Instance.Rename(err, name)
}

func conflict(name, message string) error { return frame.Instance.Conflict(name, message) }
