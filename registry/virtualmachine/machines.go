// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// InstanceStore reads and changes the instances of virtual machines.
type InstanceStore interface {
	// Instance returns the instance called name, or nil when there is none.
	Instance(ctx context.Context, name string) (*v1.VirtualMachineInstance, error)
	// SetGracePeriod sets how long an instance may take to shut down, in seconds.
	SetGracePeriod(ctx context.Context, name string, seconds int64) error
}

// machineStore changes virtual machines on behalf of the subresources.
type machineStore struct{ main, status *genericregistry.Store }

// change is what a subresource does to a virtual machine: it sets the spec or the status, and
// returns which, or the reason why it cannot be done.
type change func(vm *v1.VirtualMachine) (part, error)

// part is what of a virtual machine was changed.
type part string

const (
	nothing   part = "nothing"
	theSpec   part = "spec"
	theStatus part = "status"
)

// apply makes a change in one transaction, so that two requests at once cannot both be granted.
func (m machineStore) apply(ctx context.Context, name string, dryRun []string, do change) error {
	obj, err := m.main.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return frame.Machine.Rename(err, name)
	}
	// The change is tried on a copy first: what it touches decides the store whose rules apply.
	touched, err := do(obj.(*v1.VirtualMachine).DeepCopy())
	if err != nil || touched == nothing {
		return err
	}
	store := m.main
	if touched == theStatus {
		store = m.status
	}
	info := rest.DefaultUpdatedObjectInfo(nil, func(_ context.Context, _, current runtime.Object) (runtime.Object, error) {
		vm := current.(*v1.VirtualMachine).DeepCopy()
		now, err := do(vm)
		switch {
		case err != nil:
			return nil, err
		case now != touched:
			return nil, conflict(name, "it changed meanwhile; try again")
		}
		return vm, nil
	})
	_, _, err = store.Update(ctx, name, info, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false,
		&metav1.UpdateOptions{DryRun: dryRun})
	return frame.Machine.Rename(err, name)
}

// conflict is the answer to a request that does not fit the virtual machine's state.
func conflict(name, message string) error { return frame.Machine.Conflict(name, message) }

// request puts a start or stop into the queue of a virtual machine.
func request(vm *v1.VirtualMachine, requests ...v1.VirtualMachineStateChangeRequest) (part, error) {
	if len(vm.Status.StateChangeRequests) > 0 {
		return nothing, conflict(vm.Name, "unable to complete request: stop/start already underway")
	}
	vm.Status.StateChangeRequests = requests
	vm.Status.StartFailure = nil
	return theStatus, nil
}

// setRunning turns a virtual machine on or off in the form that its spec uses.
func setRunning(vm *v1.VirtualMachine, strategy v1.VirtualMachineRunStrategy) (part, error) {
	if vm.Spec.Running != nil {
		running := strategy != v1.RunStrategyHalted
		vm.Spec.Running = &running
		return theSpec, nil
	}
	vm.Spec.RunStrategy = &strategy
	return theSpec, nil
}

// exists tells that an instance is there and has not ended.
func exists(vmi *v1.VirtualMachineInstance) bool { return vmi != nil && !vmi.IsFinal() }
