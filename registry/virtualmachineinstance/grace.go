// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

var gracePeriodField = fieldpath.MakePathOrDie("spec", "terminationGracePeriodSeconds")

// graceStrategy lets the stop and restart subresources shorten the grace period of an instance,
// the one part of its spec that may change.
type graceStrategy struct{ strategy }

func (graceStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	vmi, before := obj.(*v1.VirtualMachineInstance), old.(*v1.VirtualMachineInstance)
	grace, managed := vmi.Spec.TerminationGracePeriodSeconds, vmi.ManagedFields
	before.DeepCopyInto(vmi)
	vmi.Spec.TerminationGracePeriodSeconds, vmi.ManagedFields = grace, managed
	vmi.Generation = before.Generation + 1
}

func (graceStrategy) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}

// SetGracePeriod sets how long an instance may take to shut down, in seconds.
func (i *Instances) SetGracePeriod(ctx context.Context, name, verb string, writer subresource.Writer, seconds int64) error {
	return i.update(ctx, i.grace, name, verb, writer, fieldpath.NewSet(gracePeriodField), fieldpath.NewSet(),
		func(vmi *v1.VirtualMachineInstance) error {
			vmi.Spec.TerminationGracePeriodSeconds = &seconds
			return nil
		})
}
