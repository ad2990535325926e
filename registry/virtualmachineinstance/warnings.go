// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/virtplane/virtplane/apis/kubevirt/support"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// WarningsOnCreate tells of fields that change nothing. Owners of virtual machines were told when they wrote the template.
func (s strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	vmi := obj.(*v1.VirtualMachineInstance)
	if metav1.GetControllerOf(vmi) != nil {
		return nil
	}
	spec := vmi.Spec
	if e := spec.EvictionStrategy; e != nil && *e == s.settings.Current().Instances.EvictionStrategy {
		spec.EvictionStrategy = nil // it may be the settings that chose it
	}
	return support.Unused(&spec, field.NewPath("spec"))
}
