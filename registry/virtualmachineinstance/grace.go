// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// graceStrategy lets the stop and restart subresources shorten the grace period of an instance,
// the one part of its spec that may change.
type graceStrategy struct{ strategy }

func (graceStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	vmi, before := obj.(*v1.VirtualMachineInstance), old.(*v1.VirtualMachineInstance)
	grace := vmi.Spec.TerminationGracePeriodSeconds
	before.DeepCopyInto(vmi)
	vmi.Spec.TerminationGracePeriodSeconds = grace
	vmi.Generation = before.Generation + 1
}

func (graceStrategy) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}

// Instances reads and changes instances on behalf of the virtual machines' subresources.
type Instances struct{ store, grace *genericregistry.Store }

// Instance returns the instance called name, or nil when there is none.
func (i *Instances) Instance(ctx context.Context, name string) (*v1.VirtualMachineInstance, error) {
	obj, err := i.store.Get(ctx, name, &metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return obj.(*v1.VirtualMachineInstance), nil
}

// SetGracePeriod sets how long an instance may take to shut down, in seconds.
func (i *Instances) SetGracePeriod(ctx context.Context, name string, seconds int64) error {
	info := rest.DefaultUpdatedObjectInfo(nil, func(_ context.Context, _, current runtime.Object) (runtime.Object, error) {
		vmi := current.(*v1.VirtualMachineInstance).DeepCopy()
		vmi.Spec.TerminationGracePeriodSeconds = &seconds
		return vmi, nil
	})
	_, _, err := i.grace.Update(ctx, name, info, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	return err
}
