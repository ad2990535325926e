// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// specCase is a change to a valid spec and every problem that it makes. $ stands for the path of the
// spec, which is another one in the template of a VirtualMachine.
type specCase struct {
	name   string
	change func(*v1.VirtualMachineInstanceSpec)
	want   []string
}

// run checks the case as an instance and as the template of a virtual machine.
func (c specCase) run(t *testing.T) {
	t.Run(c.name, func(t *testing.T) {
		vmi := instance(c.change)
		v1.SetInstanceSpecDefaults(&vmi.Spec)
		compare(t, VirtualMachineInstance(vmi), at("spec", c.want))
		vm := machine(c.change)
		compare(t, VirtualMachine(vm), at("spec.template.spec", c.want))
		if diff := cmp.Diff(machine(c.change), vm); diff != "" {
			t.Errorf("validation changed the virtual machine:\n%s", diff)
		}
	})
}

func at(path string, want []string) []string {
	out := make([]string, len(want))
	for i, w := range want {
		out[i] = strings.ReplaceAll(w, "$", path)
	}
	return out
}

func compare(t *testing.T, errs field.ErrorList, want []string) {
	t.Helper()
	got := make([]string, len(errs))
	for i, err := range errs {
		got[i] = err.Error()
	}
	if !slices.Equal(got, want) {
		t.Errorf("got problems\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// instance returns a valid instance with everything that is common, changed.
func instance(change func(*v1.VirtualMachineInstanceSpec)) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default"},
		Spec: v1.VirtualMachineInstanceSpec{
			Domain: v1.DomainSpec{
				CPU:    &v1.CPU{Cores: 2, Sockets: 1, Threads: 1, Features: []v1.CPUFeature{{Name: "svm", Policy: "disable"}}},
				Memory: &v1.Memory{Guest: quantity("128Mi")},
				Devices: v1.Devices{
					Disks: []v1.Disk{
						{Name: "root", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}},
						{Name: "seed", DiskDevice: v1.DiskDevice{CDRom: &v1.CDRomTarget{Bus: v1.DiskBusSATA}}},
					},
					Interfaces: []v1.Interface{{
						Name:                   "default",
						InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
						Ports:                  []v1.Port{{Name: "ssh", Port: 22, Protocol: "TCP"}},
						MacAddress:             "02:00:00:ab:cd:ef",
					}},
				},
			},
			Volumes: []v1.Volume{
				{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "example.com/guest:1"}}},
				{Name: "seed", VolumeSource: v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{UserData: "#cloud-config"}}},
			},
			Networks: []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}},
		},
	}
	if change != nil {
		change(&vmi.Spec)
	}
	return vmi
}

// machine returns a virtual machine with such an instance as its template.
func machine(change func(*v1.VirtualMachineInstanceSpec)) *v1.VirtualMachine {
	return &v1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default"},
		Spec: v1.VirtualMachineSpec{
			RunStrategy: ptr(v1.RunStrategyAlways),
			Template:    &v1.VirtualMachineInstanceTemplateSpec{Spec: instance(change).Spec},
		},
	}
}

func quantity(s string) *resource.Quantity { return ptr(resource.MustParse(s)) }

func memoryList(s string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(s)}
}

func cpuList(s string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(s)}
}

func ptr[T any](v T) *T { return &v }

func TestAValidSpecHasNoProblem(t *testing.T) {
	specCase{name: "common", change: nil}.run(t)
	specCase{name: "smallest", change: func(s *v1.VirtualMachineInstanceSpec) {
		*s = v1.VirtualMachineInstanceSpec{Domain: v1.DomainSpec{Memory: &v1.Memory{Guest: quantity("1M")}}}
	}}.run(t)
}

func TestAllProblemsAreNamedAtOnce(t *testing.T) {
	specCase{
		name: "one of each part",
		change: func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Memory.Guest = quantity("0")
			s.Domain.Machine = &v1.Machine{Type: "i440fx"}
			s.Domain.Devices.Disks[0].Disk.Bus = "ide"
			s.Domain.Devices.Disks[0].Name = "other"
			s.Volumes[1].CloudInitNoCloud = nil
			s.Networks[0].Pod = nil
			s.Hostname = "Not_A_Name"
			s.TerminationGracePeriodSeconds = ptr(int64(-1))
		},
		want: []string{
			`$.domain.memory.guest: Invalid value: "0": must be at least 1M`,
			`$.domain.machine.type: Invalid value: "i440fx": is not supported: i440fx (allowed values: [q35* pc-q35*])`,
			`$.domain.devices.disks[0].disk.bus: Unsupported value: "ide": supported values: "virtio", "sata", "scsi", "usb"`,
			`$.volumes[1]: Required value: must have exactly one volume source`,
			`$.domain.devices.disks[0].name: Invalid value: "other": $.volumes has no volume 'other' for this disk`,
			`$.networks[0]: Required value: must have exactly one network type`,
			`$.domain.devices.interfaces[0].masquerade: Invalid value: "default": Masquerade interface only implemented with pod network`,
			`$.hostname: Invalid value: "Not_A_Name": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
			`$.terminationGracePeriodSeconds: Invalid value: -1: must not be negative`,
		},
	}.run(t)
}
