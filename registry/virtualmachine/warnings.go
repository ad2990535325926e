// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/virtplane/virtplane/apis/kubevirt/support"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// WarningsOnCreate tells of fields that are deprecated or change nothing.
func (strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return warnings(obj.(*v1.VirtualMachine))
}

// WarningsOnUpdate tells of what came with the update: whoever stops a machine has heard the rest.
func (strategy) WarningsOnUpdate(_ context.Context, obj, old runtime.Object) []string {
	now := warnings(obj.(*v1.VirtualMachine))
	if len(now) == 0 {
		return nil
	}
	before := warnings(old.(*v1.VirtualMachine))
	return slices.DeleteFunc(now, func(warning string) bool { return slices.Contains(before, warning) })
}

func warnings(vm *v1.VirtualMachine) []string {
	var list []string
	path := field.NewPath("spec")
	if vm.Spec.Running != nil {
		list = append(list, "spec.running is deprecated, please use spec.runStrategy instead.")
	}
	list = append(list, support.UnusedVM(&vm.Spec, path)...)
	if vm.Spec.Template != nil {
		list = append(list, support.Unused(&vm.Spec.Template.Spec, path.Child("template", "spec"))...)
	}
	return list
}
