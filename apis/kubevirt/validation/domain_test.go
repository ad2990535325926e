// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestMemory(t *testing.T) {
	for _, c := range []specCase{
		{"none at all", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Memory = nil }, []string{
			`$.domain.memory.guest: Required value: no memory requested, at least one of memory.guest, resources.requests.memory and resources.limits.memory must be set`,
		}},
		{"guest of zero", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Memory.Guest = quantity("0") }, []string{
			`$.domain.memory.guest: Invalid value: "0": must be at least 1M`,
		}},
		{"negative guest", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Memory.Guest = quantity("-1Gi") }, []string{
			`$.domain.memory.guest: Invalid value: "-1Gi": must be at least 1M`,
		}},
		{"too little guest", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Memory.Guest = quantity("999k") }, []string{
			`$.domain.memory.guest: Invalid value: "999k": must be at least 1M`,
		}},
		{"request alone", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Memory, s.Domain.Resources.Requests = nil, memoryList("64Mi")
		}, nil},
		{"request of zero is named where it was typed", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Memory, s.Domain.Resources.Requests = nil, memoryList("0")
		}, []string{`$.domain.resources.requests.memory: Invalid value: "0": must be at least 1M`}},
		{"limit of zero is named where it was typed", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Memory, s.Domain.Resources.Limits = nil, memoryList("0")
		}, []string{`$.domain.resources.limits.memory: Invalid value: "0": must be at least 1M`}},
		{"request above limit", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Resources = v1.ResourceRequirements{Requests: memoryList("2Gi"), Limits: memoryList("1Gi")}
		}, []string{`$.domain.resources.requests.memory: Invalid value: "2Gi": must not exceed resources.limits.memory (1Gi)`}},
		{"guest above limit", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Memory.Guest, s.Domain.Resources.Limits = quantity("2Gi"), memoryList("1Gi")
		}, []string{`$.domain.memory.guest: Invalid value: "2Gi": must be equal to or less than the memory limit 1Gi`}},
		{"guest at the limit", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Memory.Guest, s.Domain.Resources.Limits = quantity("1Gi"), memoryList("1Gi")
		}, nil},
	} {
		c.run(t)
	}
}

func TestCPU(t *testing.T) {
	for _, c := range []specCase{
		{"request alone", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.CPU, s.Domain.Resources.Requests = nil, cpuList("1500m")
		}, nil},
		{"negative request and limit", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Resources = v1.ResourceRequirements{Requests: cpuList("-2"), Limits: cpuList("-1")}
		}, []string{
			`$.domain.resources.requests.cpu: Invalid value: "-2": must not be negative`,
			`$.domain.resources.limits.cpu: Invalid value: "-1": must not be negative`,
		}},
		{"request above limit", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Resources = v1.ResourceRequirements{Requests: cpuList("2"), Limits: cpuList("500m")}
		}, []string{`$.domain.resources.requests.cpu: Invalid value: "2": must not exceed resources.limits.cpu (500m)`}},
		{"product too large", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.CPU = &v1.CPU{Sockets: 16, Cores: 16, Threads: 1}
		}, []string{`$.domain.cpu: Invalid value: "16 sockets x 16 cores x 1 threads": a guest has at most 255 CPUs`}},
		{"product that overflows", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.CPU = &v1.CPU{Sockets: 1 << 31, Cores: 1 << 31, Threads: 4}
		}, []string{`$.domain.cpu: Invalid value: "2147483648 sockets x 2147483648 cores x 4 threads": a guest has at most 255 CPUs`}},
		{"features", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.CPU.Features = []v1.CPUFeature{{Policy: "require"}, {Name: "svm", Policy: "maybe"}, {Name: "vmx"}}
		}, []string{
			`$.domain.cpu.features[0].name: Required value: name the CPU feature`,
			`$.domain.cpu.features[1].policy: Unsupported value: "maybe": supported values: "force", "require", "optional", "disable", "forbid"`,
		}},
	} {
		c.run(t)
	}
}

func TestMachineAndFirmware(t *testing.T) {
	machine := func(name string) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Machine = &v1.Machine{Type: name} }
	}
	firmware := func(f v1.Firmware) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Firmware = &f }
	}
	for _, c := range []specCase{
		{"versioned machine", machine("pc-q35-10.0"), nil},
		{"other machine", machine("virt"), []string{
			`$.domain.machine.type: Invalid value: "virt": is not supported: virt (allowed values: [q35* pc-q35*])`,
		}},
		{"machine with a tail", machine("q35,accel=kvm"), []string{
			`$.domain.machine.type: Invalid value: "q35,accel=kvm": is not supported: q35,accel=kvm (allowed values: [q35* pc-q35*])`,
		}},
		{"firmware", firmware(v1.Firmware{UUID: "5d307ca9-b3ef-428c-8861-06e72d69f223", Serial: "A.b_c+1-2"}), nil},
		{"uuid", firmware(v1.Firmware{UUID: "5d307ca9"}), []string{
			`$.domain.firmware.uuid: Invalid value: "5d307ca9": must be a UUID such as 5d307ca9-b3ef-428c-8861-06e72d69f223`,
		}},
		{"serial", firmware(v1.Firmware{Serial: "a b"}), []string{
			`$.domain.firmware.serial: Invalid value: "a b": must be at most 256 characters of [A-Za-z0-9_.+-]`,
		}},
		{"long serial", firmware(v1.Firmware{Serial: strings.Repeat("s", 257)}), []string{
			`$.domain.firmware.serial: Invalid value: "` + strings.Repeat("s", 257) + `": must be at most 256 characters of [A-Za-z0-9_.+-]`,
		}},
	} {
		c.run(t)
	}
}

func TestInputs(t *testing.T) {
	specCase{"type and bus", func(s *v1.VirtualMachineInstanceSpec) {
		s.Domain.Devices.Inputs = []v1.Input{{Name: "a", Type: "tablet"}, {Name: "b", Type: "mouse", Bus: "ps2"}}
	}, []string{
		`$.domain.devices.inputs[1].type: Unsupported value: "mouse": supported values: "tablet"`,
		`$.domain.devices.inputs[1].bus: Unsupported value: "ps2": supported values: "usb", "virtio"`,
	}}.run(t)
}

func TestOtherResourcesAreLeftToThePod(t *testing.T) {
	specCase{"hugepages", func(s *v1.VirtualMachineInstanceSpec) {
		s.Domain.Resources.Requests = corev1.ResourceList{"ephemeral-storage": resource.MustParse("1Gi")}
	}, nil}.run(t)
}
