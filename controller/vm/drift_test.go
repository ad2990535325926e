// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func template() *v1.VirtualMachineInstanceSpec {
	spec := &v1.VirtualMachineInstanceSpec{}
	spec.Domain.Memory = &v1.Memory{Guest: ptr.To(resource.MustParse("128Mi"))}
	spec.Domain.Devices.Disks = []v1.Disk{{Name: "root"}}
	spec.Volumes = []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "disk:v1"}}}}
	return spec
}

func TestOnlyWhatTakesARestartAsksForOne(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1.VirtualMachineInstanceSpec)
		want   bool
	}{
		"nothing":               {func(*v1.VirtualMachineInstanceSpec) {}, false},
		"memory":                {func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Memory.Guest = ptr.To(resource.MustParse("256Mi")) }, true},
		"memory in other units": {func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Memory.Guest = ptr.To(resource.MustParse("131072Ki")) }, false},
		"CPUs":                  {func(s *v1.VirtualMachineInstanceSpec) { s.Domain.CPU = &v1.CPU{Cores: 2} }, true},
		"the default of CPUs":   {func(s *v1.VirtualMachineInstanceSpec) { s.Domain.CPU = &v1.CPU{Cores: 1} }, false},
		"the default of a disk's bus": {func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Disks[0].Disk = &v1.DiskTarget{Bus: v1.DiskBusSATA}
		}, false},
		"a disk's bus": {func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Disks[0].Disk = &v1.DiskTarget{Bus: v1.DiskBusVirtio}
		}, true},
		"an image":                    {func(s *v1.VirtualMachineInstanceSpec) { s.Volumes[0].ContainerDisk.Image = "disk:v2" }, true},
		"a host name":                 {func(s *v1.VirtualMachineInstanceSpec) { s.Hostname = "other" }, true},
		"an empty list":               {func(s *v1.VirtualMachineInstanceSpec) { s.Networks = []v1.Network{} }, false},
		"the eviction strategy":       {func(s *v1.VirtualMachineInstanceSpec) { s.EvictionStrategy = ptr.To(v1.EvictionStrategyExternal) }, true},
		"a CPU model":                 {func(s *v1.VirtualMachineInstanceSpec) { s.Domain.CPU = &v1.CPU{Model: "Nehalem"} }, true},
		"no interface":                {func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.AutoattachPodInterface = ptr.To(false) }, true},
		"where it may run, by labels": {func(s *v1.VirtualMachineInstanceSpec) { s.NodeSelector = map[string]string{"a": "b"} }, false},
		"where it may run, by taints": {func(s *v1.VirtualMachineInstanceSpec) { s.Tolerations = []corev1.Toleration{{Key: "a"}} }, false},
		"where it may run, by a rule": {func(s *v1.VirtualMachineInstanceSpec) { s.Affinity = &corev1.Affinity{} }, false},
		"the start of the next one":   {func(s *v1.VirtualMachineInstanceSpec) { s.StartStrategy = ptr.To(v1.StartStrategyPaused) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			instance := template()
			v1.SetInstanceSpecDefaults(instance)
			changed := template()
			tc.change(changed)
			if got := differs(changed, instance); got != tc.want {
				t.Errorf("got %t", got)
			}
			if differs(template(), instance) {
				t.Error("the change that was taken back counts")
			}
		})
	}
}

// What the cluster's configuration says is not in the template.
func TestConfiguredDefaultsAskForNoRestart(t *testing.T) {
	instance := template()
	v1.SetInstanceSpecDefaults(instance)
	instance.EvictionStrategy = ptr.To(v1.EvictionStrategyLiveMigrate)
	instance.Architecture = "arm64"
	instance.Domain.CPU.Model = "Nehalem"
	instance.Domain.Machine.Type = "pc-q35-10.0"
	instance.Domain.Devices.Interfaces[0].InterfaceBindingMethod = v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}}
	if differs(template(), instance) {
		t.Error("a default asks for a restart")
	}
	explicit := template()
	explicit.Domain.Machine = &v1.Machine{Type: "q35"}
	if !differs(explicit, instance) {
		t.Error("another machine type asks for no restart")
	}
}
