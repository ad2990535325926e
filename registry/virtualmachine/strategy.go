// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package virtualmachine serves VirtualMachines: their storage, their rules, and the subresources that
// change them or say something of them.
package virtualmachine

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apis/kubevirt/validation"
	"github.com/virtplane/virtplane/registry/frame"
)

// strategy holds the rules of the main resource: users write metadata and spec.
type strategy struct{ frame.Strategy }

// GetResetFields tells server-side apply that the status is not applied through the main resource.
func (strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return frame.ResetFields(v1.SchemeGroupVersion, "status")
}

func (strategy) PrepareForCreate(_ context.Context, obj runtime.Object) {
	vm := obj.(*v1.VirtualMachine)
	vm.Generation = 1
	vm.Status = v1.VirtualMachineStatus{PrintableStatus: v1.VirtualMachineStatusStopped}
	// The finalizer is set here rather than by the controller, which saves a write for each VM.
	if !slices.Contains(vm.Finalizers, v1.VirtualMachineFinalizer) {
		vm.Finalizers = append(vm.Finalizers, v1.VirtualMachineFinalizer)
	}
}

func (strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	vm, before := obj.(*v1.VirtualMachine), old.(*v1.VirtualMachine)
	vm.Status = before.Status
	if !equality.Semantic.DeepEqual(vm.Spec, before.Spec) {
		vm.Generation = before.Generation + 1
	}
}

func (strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return validation.VirtualMachine(obj.(*v1.VirtualMachine))
}

func (strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.VirtualMachineUpdate(obj.(*v1.VirtualMachine), old.(*v1.VirtualMachine))
}
