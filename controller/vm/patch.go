// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/patch"
	"github.com/virtplane/virtplane/controller/reason"
	"github.com/virtplane/virtplane/controller/store"
)

// setRunStrategy changes the field of the spec that the user has set.
func (r *Reconciler) setRunStrategy(ctx context.Context, vm *v1.VirtualMachine, strategy v1.VirtualMachineRunStrategy) error {
	change := patch.New().Test("/metadata/uid", vm.UID)
	if vm.Spec.RunStrategy != nil {
		change.Test("/spec/runStrategy", *vm.Spec.RunStrategy).Replace("/spec/runStrategy", strategy)
	} else {
		change.Add("/spec/running", strategy == v1.RunStrategyAlways)
	}
	written, err := r.Client.VirtualMachines(vm.Namespace).Patch(ctx, vm.Name, types.JSONPatchType, change.Bytes(), metav1.PatchOptions{})
	if err != nil {
		return &failure{reason.FailedUpdate, fmt.Errorf("set run strategy to %s: %w", strategy, err)}
	}
	r.VMs.Put(written)
	return nil
}

func (r *Reconciler) removeFinalizer(ctx context.Context, vm *v1.VirtualMachine) error {
	change := patch.RemoveFinalizer(vm, v1.VirtualMachineFinalizer)
	written, err := r.Client.VirtualMachines(vm.Namespace).Patch(ctx, vm.Name, types.JSONPatchType, change, metav1.PatchOptions{})
	if store.IsGone(err) {
		r.VMs.Drop(types.NamespacedName{Namespace: vm.Namespace, Name: vm.Name}, vm.UID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove finalizer of virtual machine: %w", err)
	}
	r.VMs.PutOrDrop(written)
	return nil
}
