// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// VirtualMachineUpdate returns every problem of a changed VirtualMachine. Parts of the spec that stay as they are stored are
// not checked again: a rule that came later must not keep an older machine from being stopped, labelled or deleted.
func VirtualMachineUpdate(vm, old *v1.VirtualMachine) field.ErrorList {
	errs := validation.ValidateObjectMetaUpdate(&vm.ObjectMeta, &old.ObjectMeta, field.NewPath("metadata"))
	path := field.NewPath("spec")
	errs = append(errs, frozen(vm, old, path)...)
	errs = append(errs, changedSettings(&vm.Spec, &old.Spec, vm.Namespace, path)...)
	return atMost(append(errs, changedTemplate(vm.Spec.Template, old.Spec.Template, path.Child("template"))...))
}

// changedSettings checks all of a spec but its template.
func changedSettings(spec, old *v1.VirtualMachineSpec, namespace string, path *field.Path) field.ErrorList {
	kept := map[string]bool{}
	keep := func(before, after any, fields ...string) {
		for _, f := range fields {
			kept[path.Child(f).String()] = equality.Semantic.DeepEqual(before, after)
		}
	}
	keep([]any{old.Running, old.RunStrategy}, []any{spec.Running, spec.RunStrategy}, "running", "runStrategy")
	keep(old.Instancetype, spec.Instancetype, "instancetype")
	keep(old.Preference, spec.Preference, "preference")
	keep(old.UpdateVolumesStrategy, spec.UpdateVolumesStrategy, "updateVolumesStrategy")
	keep([]any{old.DataVolumeTemplates, volumesOf(old)}, []any{spec.DataVolumeTemplates, volumesOf(spec)}, "dataVolumeTemplates")
	var errs field.ErrorList
	for _, err := range settings(spec, namespace, path) {
		if !within(kept, err.Field) {
			errs = append(errs, err)
		}
	}
	return errs
}

func changedTemplate(t, old *v1.VirtualMachineInstanceTemplateSpec, path *field.Path) field.ErrorList {
	if t == nil || old == nil {
		if t == old {
			return nil
		}
		return template(t, path)
	}
	meta := path.Child("metadata")
	var errs field.ErrorList
	if !equality.Semantic.DeepEqual(t.Labels, old.Labels) {
		errs = append(errs, templateLabels(t.Labels, meta.Child("labels"))...)
	}
	if !equality.Semantic.DeepEqual(t.Annotations, old.Annotations) {
		errs = append(errs, templateAnnotations(t.Annotations, meta.Child("annotations"))...)
	}
	if !equality.Semantic.DeepEqual(t.Spec, old.Spec) {
		errs = append(errs, templateSpec(&t.Spec, path.Child("spec"))...)
	}
	return errs
}

// frozen holds a machine still while a copy of it is made or put back.
func frozen(vm, old *v1.VirtualMachine, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if name := old.Status.RestoreInProgress; name != nil && !equality.Semantic.DeepEqual(vm.Spec, old.Spec) {
		errs = append(errs, field.Forbidden(path, fmt.Sprintf("cannot be changed until restore %q completes", *name)))
	}
	if name := old.Status.SnapshotInProgress; name != nil {
		until := fmt.Sprintf("cannot be changed until snapshot %q completes", *name)
		if vm.EffectiveRunStrategy() != old.EffectiveRunStrategy() {
			errs = append(errs, field.Forbidden(path.Child("runStrategy"), until))
		}
		if !equality.Semantic.DeepEqual(volumesOf(&vm.Spec), volumesOf(&old.Spec)) {
			errs = append(errs, field.Forbidden(path.Child("template", "spec", "volumes"), until))
		}
		if !equality.Semantic.DeepEqual(disksOf(&vm.Spec), disksOf(&old.Spec)) {
			errs = append(errs, field.Forbidden(path.Child("template", "spec", "domain", "devices", "disks"), until))
		}
	}
	return errs
}

func volumesOf(spec *v1.VirtualMachineSpec) []v1.Volume {
	if spec.Template == nil {
		return nil
	}
	return spec.Template.Spec.Volumes
}

func disksOf(spec *v1.VirtualMachineSpec) []v1.Disk {
	if spec.Template == nil {
		return nil
	}
	return spec.Template.Spec.Domain.Devices.Disks
}
