// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"testing"

	clonev1beta1 "kubevirt.io/api/clone/v1beta1"
	publishedv1 "kubevirt.io/api/core/v1"
	instancetypev1beta1 "kubevirt.io/api/instancetype/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/virtplane/virtplane/virtctl/create"
)

// TestManifestsOfVirtctlAreOfThePublishedAPI decodes what virtctl create writes with the published types, which know
// every field that it uses.
func TestManifestsOfVirtctlAreOfThePublishedAPI(t *testing.T) {
	for _, file := range files(t, "../../virtctl/create/testdata/*.yaml") {
		vm := &publishedv1.VirtualMachine{}
		if err := yaml.UnmarshalStrict(read(t, file), vm); err != nil || vm.Kind != "VirtualMachine" || vm.Spec.Template == nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	instancetype := &create.Instancetype{
		Name: "small", CPUs: 2, Memory: "1Gi", GPUs: []string{"name:a,devicename:b"}, Devices: []string{"name:c,devicename:d"}, IOThreadsPolicy: "shared",
	}
	preference := &create.Preference{Name: "p", CPUTopology: "cores", MachineType: "q35", StorageClass: "fast"}
	clone := &create.Clone{
		Name: "c", SourceName: "a", TargetName: "b", LabelFilters: []string{"*"}, AnnotationFilters: []string{"*"}, TemplateLabelFilters: []string{"*"},
		TemplateAnnotationFilters: []string{"*"}, MACAddresses: []string{"default:02-00-00-00-00-01"}, Serial: "7",
	}
	for _, c := range []struct {
		manifest func() (any, error)
		into     any
		fits     func(any) bool
	}{
		{instancetype.Manifest, &instancetypev1beta1.VirtualMachineClusterInstancetype{}, func(o any) bool {
			spec := o.(*instancetypev1beta1.VirtualMachineClusterInstancetype).Spec
			return spec.CPU.Guest == 2 && spec.Memory.Guest.String() == "1Gi" && spec.GPUs[0].DeviceName == "b" && spec.HostDevices[0].Name == "c" && *spec.IOThreadsPolicy == "shared"
		}},
		{preference.Manifest, &instancetypev1beta1.VirtualMachineClusterPreference{}, func(o any) bool {
			spec := o.(*instancetypev1beta1.VirtualMachineClusterPreference).Spec
			return *spec.CPU.PreferredCPUTopology == instancetypev1beta1.Cores && spec.Machine.PreferredMachineType == "q35" && spec.Volumes.PreferredStorageClassName == "fast"
		}},
		{clone.Manifest, &clonev1beta1.VirtualMachineClone{}, func(o any) bool {
			spec := o.(*clonev1beta1.VirtualMachineClone).Spec
			return spec.Source.Name == "a" && spec.Target.Name == "b" && spec.NewMacAddresses["default"] != "" && *spec.NewSMBiosSerial == "7" && len(spec.Template.LabelFilters) == 1
		}},
	} {
		object, err := c.manifest()
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := create.YAML(object)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(manifest, c.into); err != nil || !c.fits(c.into) {
			t.Errorf("%v: %+v from\n%s", err, c.into, manifest)
		}
	}
}
