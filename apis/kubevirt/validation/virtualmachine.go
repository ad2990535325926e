// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package validation holds the rules that virtual machines and their instances obey: every problem
// of an object at once, each at the path of the field as the user typed it.
package validation

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/virtplane/virtplane/apis/kubevirt/support"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var runStrategies = []v1.VirtualMachineRunStrategy{
	v1.RunStrategyAlways, v1.RunStrategyHalted, v1.RunStrategyManual, v1.RunStrategyRerunOnFailure, v1.RunStrategyOnce,
}

// VirtualMachine returns every problem of a new VirtualMachine.
func VirtualMachine(vm *v1.VirtualMachine) field.ErrorList { return atMost(unlimited(vm)) }

func unlimited(vm *v1.VirtualMachine) field.ErrorList {
	errs := validation.ValidateObjectMeta(&vm.ObjectMeta, true, validation.NameIsDNSSubdomain, field.NewPath("metadata"))
	return append(errs, virtualMachineSpec(&vm.Spec, field.NewPath("spec"))...)
}

// VirtualMachineUpdate returns every problem of a changed VirtualMachine.
func VirtualMachineUpdate(vm, old *v1.VirtualMachine) field.ErrorList {
	errs := validation.ValidateObjectMetaUpdate(&vm.ObjectMeta, &old.ObjectMeta, field.NewPath("metadata"))
	if equality.Semantic.DeepEqual(vm.Spec, old.Spec) {
		// A rule that came later must not keep labels and finalizers of an older object from being changed.
		return errs
	}
	return atMost(append(errs, virtualMachineSpec(&vm.Spec, field.NewPath("spec"))...))
}

func virtualMachineSpec(spec *v1.VirtualMachineSpec, path *field.Path) field.ErrorList {
	errs := slices.Concat(runStrategy(spec, path), matchers(spec, path), dataVolumeTemplates(spec, path))
	errs = beside(support.RefusedVM(spec, path), errs)
	template := path.Child("template")
	if spec.Template == nil {
		return append(errs, field.Required(template, "missing virtual machine template."))
	}
	meta := template.Child("metadata")
	errs = append(errs, metav1validation.ValidateLabels(spec.Template.Labels, meta.Child("labels"))...)
	errs = append(errs, validation.ValidateAnnotations(spec.Template.Annotations, meta.Child("annotations"))...)
	errs = append(errs, reservedLabels(spec.Template.Labels, meta.Child("labels"))...)
	errs = append(errs, demandingAnnotations(spec.Template.Annotations, meta.Child("annotations"))...)
	// The template is stored as the user wrote it; it is checked as the instance that it will become.
	instance := spec.Template.Spec.DeepCopy()
	v1.SetInstanceSpecDefaults(instance)
	return append(errs, instanceSpec(instance, template.Child("spec"))...)
}

func runStrategy(spec *v1.VirtualMachineSpec, path *field.Path) field.ErrorList {
	switch {
	case spec.Running != nil && spec.RunStrategy != nil:
		return field.ErrorList{field.Invalid(path.Child("running"), *spec.Running,
			"Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use RunStrategy instead")}
	case spec.Running == nil && spec.RunStrategy == nil:
		return field.ErrorList{field.Required(path.Child("runStrategy"), "RunStrategy must be specified: "+oneOf(runStrategies))}
	}
	return nil
}

func oneOf[T ~string](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
