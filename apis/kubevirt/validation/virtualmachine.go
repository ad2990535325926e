// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package validation holds the rules that virtual machines and their instances obey: every problem
// of an object at once, each at the path of the field as the user typed it.
package validation

import (
	"slices"
	"strings"

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
	path := field.NewPath("spec")
	return slices.Concat(
		validation.ValidateObjectMeta(&vm.ObjectMeta, true, validation.NameIsDNSSubdomain, field.NewPath("metadata")),
		settings(&vm.Spec, vm.Namespace, path),
		template(vm.Spec.Template, path.Child("template")),
	)
}

// settings checks all of a spec but its template.
func settings(spec *v1.VirtualMachineSpec, namespace string, path *field.Path) field.ErrorList {
	return beside(support.RefusedVM(spec, path), slices.Concat(runStrategy(spec, path), matchers(spec, path), dataVolumeTemplates(spec, namespace, path)))
}

func template(t *v1.VirtualMachineInstanceTemplateSpec, path *field.Path) field.ErrorList {
	if t == nil {
		return field.ErrorList{field.Required(path, "missing virtual machine template.")}
	}
	meta := path.Child("metadata")
	return slices.Concat(
		templateLabels(t.Labels, meta.Child("labels")),
		templateAnnotations(t.Annotations, meta.Child("annotations")),
		templateSpec(&t.Spec, path.Child("spec")),
	)
}

func templateLabels(labels map[string]string, path *field.Path) field.ErrorList {
	return append(metav1validation.ValidateLabels(labels, path), reservedLabels(labels, path)...)
}

func templateAnnotations(annotations map[string]string, path *field.Path) field.ErrorList {
	return append(validation.ValidateAnnotations(annotations, path), demandingAnnotations(annotations, path)...)
}

// templateSpec checks the instance that a template will become: the template itself is stored as the user wrote it.
func templateSpec(spec *v1.VirtualMachineInstanceSpec, path *field.Path) field.ErrorList {
	instance := spec.DeepCopy()
	v1.SetInstanceSpecDefaults(instance)
	return instanceSpec(instance, path)
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
