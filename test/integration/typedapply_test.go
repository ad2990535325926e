// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	applyv1 "github.com/virtplane/virtplane/client/applyconfiguration/kubevirt/v1"
)

// TestTypedClientsApply has two writers describe the same virtual machine with the generated builders: one owns the
// machine, the other one adds a disk, and neither can change what the other wrote without saying so.
func TestTypedClientsApply(t *testing.T) {
	ns := newNamespace(t)
	platform := applyv1.VirtualMachine("demo", ns).WithSpec(applyv1.VirtualMachineSpec().
		WithRunStrategy(v1.RunStrategyHalted).
		WithTemplate(applyv1.VirtualMachineInstanceTemplateSpec().WithSpec(applyv1.VirtualMachineInstanceSpec().
			WithDomain(applyv1.DomainSpec().
				WithMemory(applyv1.Memory().WithGuest(resource.MustParse("128Mi"))).
				WithDevices(applyv1.Devices().WithDisks(
					applyv1.Disk().WithName("root").WithDisk(applyv1.DiskTarget().WithBus(v1.DiskBusVirtio))))).
			WithVolumes(applyv1.Volume().WithName("root").
				WithContainerDisk(applyv1.ContainerDiskSource().WithImage("example.com/guest:1"))))))
	storage := func(bus v1.DiskBus) *applyv1.VirtualMachineApplyConfiguration {
		return applyv1.VirtualMachine("demo", ns).WithSpec(applyv1.VirtualMachineSpec().
			WithTemplate(applyv1.VirtualMachineInstanceTemplateSpec().WithSpec(applyv1.VirtualMachineInstanceSpec().
				WithDomain(applyv1.DomainSpec().WithDevices(applyv1.Devices().WithDisks(
					applyv1.Disk().WithName("data").WithDisk(applyv1.DiskTarget().WithBus(bus))))).
				WithVolumes(applyv1.Volume().WithName("data").
					WithEmptyDisk(applyv1.EmptyDiskSource().WithCapacity(resource.MustParse("1Gi")))))))
	}

	must(machines(ns).Apply(t.Context(), platform, metav1.ApplyOptions{FieldManager: "platform"}))(t)
	vm := must(machines(ns).Apply(t.Context(), storage(v1.DiskBusSATA), metav1.ApplyOptions{FieldManager: "storage"}))(t)
	disks := vm.Spec.Template.Spec.Domain.Devices.Disks
	if len(disks) != 2 || disks[0].Name != "root" || disks[1].Disk.Bus != v1.DiskBusSATA || len(vm.Spec.Template.Spec.Volumes) != 2 {
		t.Errorf("disks %+v, volumes %+v", disks, vm.Spec.Template.Spec.Volumes)
	}

	_, err := machines(ns).Apply(t.Context(), storage(v1.DiskBusSCSI), metav1.ApplyOptions{FieldManager: "platform"})
	if !apierrors.IsConflict(err) {
		t.Errorf("another writer's disk was changed: %v", err)
	}
	vm = must(machines(ns).Apply(t.Context(), platform, metav1.ApplyOptions{FieldManager: "platform"}))(t)
	if n := len(vm.Spec.Template.Spec.Domain.Devices.Disks); n != 2 {
		t.Errorf("%d disks after the first writer came again, want 2", n)
	}
}
