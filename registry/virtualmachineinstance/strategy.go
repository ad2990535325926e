// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package virtualmachineinstance serves VirtualMachineInstances: their storage, their rules, who may
// write their status, and the subresources, most of which go on to the plugin of the guest's node.
package virtualmachineinstance

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apis/kubevirt/validation"
	"github.com/virtplane/virtplane/registry/frame"
)

// Settings tells which settings of the installation are in force.
type Settings interface {
	// Wait returns when they are known.
	Wait(ctx context.Context) error
	Current() config.Config
}

// strategy holds the rules of the main resource: users write metadata and, once, spec.
type strategy struct {
	frame.Strategy
	settings Settings
}

// GetResetFields tells server-side apply that the status is not applied through the main resource.
func (strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return frame.ResetFields(v1.SchemeGroupVersion, "status")
}

func (s strategy) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	vmi := obj.(*v1.VirtualMachineInstance)
	// An error means that the request has run out of time, which whatever comes next says.
	_ = s.settings.Wait(ctx)
	s.settings.Current().Instances.Apply(&vmi.Spec)
	vmi.Generation = 1
	vmi.Status = v1.VirtualMachineInstanceStatus{
		Phase:       v1.Pending,
		RuntimeUser: v1.RuntimeUID,
		PhaseTransitionTimestamps: []v1.VirtualMachineInstancePhaseTransitionTimestamp{
			{Phase: v1.Pending, PhaseTransitionTimestamp: metav1.Now()},
		},
	}
	// The finalizer is set here rather than by the controller, which saves a write for each instance.
	if !slices.Contains(vmi.Finalizers, v1.VirtualMachineInstanceFinalizer) {
		vmi.Finalizers = append(vmi.Finalizers, v1.VirtualMachineInstanceFinalizer)
	}
}

func (strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	vmi, before := obj.(*v1.VirtualMachineInstance), old.(*v1.VirtualMachineInstance)
	config.KeepChosen(&vmi.Spec, &before.Spec)
	vmi.Status = before.Status
	vmi.Generation = before.Generation
}

func (strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return validation.VirtualMachineInstance(obj.(*v1.VirtualMachineInstance))
}

func (strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.VirtualMachineInstanceUpdate(obj.(*v1.VirtualMachineInstance), old.(*v1.VirtualMachineInstance))
}
