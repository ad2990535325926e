// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var (
	typeKinds       = []string{"virtualmachineinstancetype", "virtualmachineclusterinstancetype"}
	preferenceKinds = []string{"virtualmachinepreference", "virtualmachineclusterpreference"}
	inferPolicies   = []v1.InferFromVolumeFailurePolicy{v1.RejectInferFromVolumeFailure, v1.IgnoreInferFromVolumeFailure}
)

func matchers(spec *v1.VirtualMachineSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if m := spec.Instancetype; m != nil {
		errs = append(errs, matcher(v1.PreferenceMatcher(*m), typeKinds, path.Child("instancetype"))...)
	}
	if m := spec.Preference; m != nil {
		errs = append(errs, matcher(*m, preferenceKinds, path.Child("preference"))...)
	}
	return errs
}

func matcher(m v1.PreferenceMatcher, kinds []string, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if m.Name == "" && m.InferFromVolume == "" {
		errs = append(errs, field.Required(at, "either name or inferFromVolume must be provided"))
	}
	if m.InferFromVolume != "" && m.Name != "" {
		errs = append(errs, field.Invalid(at.Child("name"), m.Name, "name should not be provided when inferFromVolume is used"))
	}
	if m.InferFromVolume != "" && m.Kind != "" {
		errs = append(errs, field.Invalid(at.Child("kind"), m.Kind, "kind should not be provided when inferFromVolume is used"))
	}
	if m.Kind != "" && !slices.ContainsFunc(kinds, func(kind string) bool { return strings.EqualFold(kind, m.Kind) }) {
		errs = append(errs, field.NotSupported(at.Child("kind"), m.Kind, kinds))
	}
	if p := m.InferFromVolumeFailurePolicy; p != nil {
		errs = append(errs, known(*p, inferPolicies, at.Child("inferFromVolumeFailurePolicy"))...)
	}
	return errs
}

// dataVolumeTemplates checks what is made beside a virtual machine.
func dataVolumeTemplates(spec *v1.VirtualMachineSpec, namespace string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	used := map[string]bool{}
	if spec.Template != nil {
		for _, v := range spec.Template.Spec.Volumes {
			switch {
			case v.DataVolume != nil:
				used[v.DataVolume.Name] = true
			case v.PersistentVolumeClaim != nil:
				used[v.PersistentVolumeClaim.ClaimName] = true
			}
		}
	}
	seen := map[string]bool{}
	for i, t := range spec.DataVolumeTemplates {
		at := path.Child("dataVolumeTemplates").Index(i)
		name := t.ObjectMeta.Name
		switch {
		case name == "":
			errs = append(errs, field.Required(at.Child("metadata", "name"), "'name' field must not be empty for DataVolumeTemplate entry"))
		case seen[name]:
			errs = append(errs, field.Duplicate(at.Child("metadata", "name"), name))
		case !used[name]:
			errs = append(errs, field.Invalid(at.Child("metadata", "name"), name,
				fmt.Sprintf("DataVolumeTemplate entry %s must be referenced in the VMI template's 'volumes' list", name)))
		}
		seen[name] = true
		if ns := t.ObjectMeta.Namespace; ns != "" && ns != namespace {
			errs = append(errs, field.Invalid(at.Child("metadata", "namespace"), ns,
				fmt.Sprintf("must be the namespace of the virtual machine, %s; remove the field", namespace)))
		}
		if (t.Spec.PVC == nil) == (t.Spec.Storage == nil) {
			errs = append(errs, field.Invalid(at.Child("spec"), name, "must have exactly one of pvc and storage"))
		}
		if (t.Spec.Source == nil) == (t.Spec.SourceRef == nil) {
			errs = append(errs, field.Invalid(at.Child("spec"), name, "must have exactly one of source and sourceRef"))
		}
	}
	return errs
}
