// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestMatchers(t *testing.T) {
	for _, c := range []struct {
		name         string
		instancetype *v1.InstancetypeMatcher
		preference   *v1.PreferenceMatcher
		want         []string
	}{
		{"none", nil, nil, nil},
		{"names", &v1.InstancetypeMatcher{Name: "small"}, &v1.PreferenceMatcher{Name: "fedora"}, nil},
		{"kinds, whatever their capitals", &v1.InstancetypeMatcher{Name: "small", Kind: "VirtualMachineInstancetype"}, &v1.PreferenceMatcher{Name: "fedora", Kind: "VirtualMachineClusterPreference"}, nil},
		{"inferred", &v1.InstancetypeMatcher{InferFromVolume: "root", InferFromVolumeFailurePolicy: ptr(v1.IgnoreInferFromVolumeFailure)}, nil, nil},
		{"neither name nor volume", &v1.InstancetypeMatcher{}, &v1.PreferenceMatcher{Kind: "VirtualMachinePreference"}, []string{
			`spec.instancetype: Required value: either name or inferFromVolume must be provided`,
			`spec.preference: Required value: either name or inferFromVolume must be provided`,
		}},
		{"both", &v1.InstancetypeMatcher{Name: "small", Kind: "VirtualMachineInstancetype", InferFromVolume: "root"}, nil, []string{
			`spec.instancetype.name: Invalid value: "small": name should not be provided when inferFromVolume is used`,
			`spec.instancetype.kind: Invalid value: "VirtualMachineInstancetype": kind should not be provided when inferFromVolume is used`,
		}},
		{"the other's kind", &v1.InstancetypeMatcher{Name: "small", Kind: "VirtualMachinePreference"}, &v1.PreferenceMatcher{Name: "fedora", Kind: "VirtualMachineInstancetype"}, []string{
			`spec.instancetype.kind: Unsupported value: "VirtualMachinePreference": supported values: "virtualmachineinstancetype", "virtualmachineclusterinstancetype"`,
			`spec.preference.kind: Unsupported value: "VirtualMachineInstancetype": supported values: "virtualmachinepreference", "virtualmachineclusterpreference"`,
		}},
		{"policy", nil, &v1.PreferenceMatcher{InferFromVolume: "root", InferFromVolumeFailurePolicy: ptr(v1.InferFromVolumeFailurePolicy("Retry"))}, []string{
			`spec.preference.inferFromVolumeFailurePolicy: Unsupported value: "Retry": supported values: "Reject", "Ignore"`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := &v1.VirtualMachineSpec{Instancetype: c.instancetype, Preference: c.preference}
			compare(t, matchers(spec, field.NewPath("spec")), c.want)
		})
	}
}

func TestDataVolumeTemplates(t *testing.T) {
	entry := func(name string, change func(*v1.DataVolumeTemplateSpec)) v1.DataVolumeTemplateSpec {
		d := v1.DataVolumeTemplateSpec{ObjectMeta: metav1.ObjectMeta{Name: name}}
		d.Spec.PVC, d.Spec.Source = &corev1.PersistentVolumeClaimSpec{}, &v1.DataVolumeOrigin{}
		if change != nil {
			change(&d)
		}
		return d
	}
	for _, c := range []struct {
		name    string
		entries []v1.DataVolumeTemplateSpec
		want    []string
	}{
		{"used as a DataVolume and as a claim", []v1.DataVolumeTemplateSpec{entry("root", nil), entry("data", nil)}, nil},
		{"storage and sourceRef", []v1.DataVolumeTemplateSpec{entry("root", func(d *v1.DataVolumeTemplateSpec) {
			d.Spec.PVC, d.Spec.Source = nil, nil
			d.Spec.Storage, d.Spec.SourceRef = &v1.StorageSpec{}, &v1.DataVolumeSourceRef{}
		})}, nil},
		{"no name", []v1.DataVolumeTemplateSpec{entry("", nil)}, []string{
			`spec.dataVolumeTemplates[0].metadata.name: Required value: 'name' field must not be empty for DataVolumeTemplate entry`,
		}},
		{"not used", []v1.DataVolumeTemplateSpec{entry("other", nil)}, []string{
			`spec.dataVolumeTemplates[0].metadata.name: Invalid value: "other": DataVolumeTemplate entry other must be referenced in the VMI template's 'volumes' list`,
		}},
		{"twice", []v1.DataVolumeTemplateSpec{entry("root", nil), entry("root", nil)}, []string{
			`spec.dataVolumeTemplates[1].metadata.name: Duplicate value: "root"`,
		}},
		{"elsewhere", []v1.DataVolumeTemplateSpec{entry("root", func(d *v1.DataVolumeTemplateSpec) { d.ObjectMeta.Namespace = "other" })}, []string{
			`spec.dataVolumeTemplates[0].metadata.namespace: Invalid value: "other": must be the namespace of the virtual machine, default; remove the field`,
		}},
		{"neither of each", []v1.DataVolumeTemplateSpec{entry("root", func(d *v1.DataVolumeTemplateSpec) { d.Spec = v1.DataVolumeSpec{} })}, []string{
			`spec.dataVolumeTemplates[0].spec: Invalid value: "root": must have exactly one of pvc and storage`,
			`spec.dataVolumeTemplates[0].spec: Invalid value: "root": must have exactly one of source and sourceRef`,
		}},
		{"both of each", []v1.DataVolumeTemplateSpec{entry("root", func(d *v1.DataVolumeTemplateSpec) {
			d.Spec.Storage, d.Spec.SourceRef = &v1.StorageSpec{}, &v1.DataVolumeSourceRef{}
		})}, []string{
			`spec.dataVolumeTemplates[0].spec: Invalid value: "root": must have exactly one of pvc and storage`,
			`spec.dataVolumeTemplates[0].spec: Invalid value: "root": must have exactly one of source and sourceRef`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := machine(func(s *v1.VirtualMachineInstanceSpec) {
				s.Volumes[0].VolumeSource = v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: "root"}}
				s.Volumes[1].VolumeSource = v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{
					PersistentVolumeClaimVolumeSource: corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
				}}
			}).Spec
			spec.DataVolumeTemplates = c.entries
			compare(t, dataVolumeTemplates(&spec, "default", field.NewPath("spec")), c.want)
		})
	}
}
