// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"testing"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestVolumesAreAddedToTheTemplateAndTakenOffIt(t *testing.T) {
	vm := &v1.VirtualMachine{Spec: v1.VirtualMachineSpec{Template: &v1.VirtualMachineInstanceTemplateSpec{}}}
	vm.Name = "demo"
	spec := &vm.Spec.Template.Spec
	spec.Volumes, spec.Domain.Devices.Disks = []v1.Volume{{Name: "root"}}, []v1.Disk{{Name: "root"}}
	claim := &v1.PersistentVolumeClaimVolumeSource{}
	claim.ClaimName = "c"
	options := &v1.AddVolumeOptions{Name: "data", Disk: &v1.Disk{}, VolumeSource: &v1.HotplugVolumeSource{PersistentVolumeClaim: claim}}

	done, err := addVolume(vm, options)
	if err != nil || done.part != theSpec || len(spec.Volumes) != 2 || len(spec.Domain.Devices.Disks) != 2 {
		t.Fatalf("%s, %v, %+v", done.part, err, spec)
	}
	if v := spec.Volumes[1]; v.Name != "data" || v.PersistentVolumeClaim.ClaimName != "c" || !v.PersistentVolumeClaim.Hotpluggable || spec.Domain.Devices.Disks[1].Name != "data" {
		t.Errorf("volume %+v, disk %+v", v, spec.Domain.Devices.Disks[1])
	}
	name := fieldpath.MakePathOrDie("spec", "template", "spec", "volumes", fieldpath.KeyByFields("name", "data"), "persistentVolumeClaim", "claimName")
	if !done.set.Has(name) || !done.set.Has(*diskPath("data")) || done.set.Has(*diskPath("root")) {
		t.Errorf("owned fields %s", done.set)
	}
	if _, err := addVolume(vm, options); err == nil || err.Error() != vmPrefix+"Unable to add volume [data] because volume with that name already exists" {
		t.Errorf("a second time: %v", err)
	}

	done, err = removeVolume(vm, "c")
	if err != nil || done.part != theSpec || len(spec.Volumes) != 1 || len(spec.Domain.Devices.Disks) != 1 || !done.removed.Has(*volumePath("data")) {
		t.Errorf("%s, %v, %+v", done.part, err, spec)
	}
	if _, err := removeVolume(vm, "root"); err == nil || err.Error() != vmPrefix+"Unable to remove volume [root] because it is not hotpluggable" {
		t.Errorf("what was there from the start: %v", err)
	}
}
