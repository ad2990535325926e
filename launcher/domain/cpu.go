// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	hostModel       = "host-model"
	hostPassthrough = "host-passthrough"
)

// emulatedCPU is qemu64 with what distributions of the x86-64-v2 level ask for. QEMU's "max" is
// many times slower: five-level paging makes every emulated page walk longer.
var emulatedCPU = []string{"cx16", "lahf_lm", "popcnt", "pni", "ssse3", "sse4.1", "sse4.2"}

// setCPU sets the number of CPUs, their topology and model.
func setCPU(d *libvirtxml.Domain, cpu *v1.CPU, kvm bool) {
	if cpu == nil {
		cpu = &v1.CPU{}
	}
	sockets, cores, threads := max(cpu.Sockets, 1), max(cpu.Cores, 1), max(cpu.Threads, 1)
	d.VCPU = &libvirtxml.DomainVCPU{Placement: "static", Value: vcpus(cpu)}
	d.CPU = model(cpu, kvm)
	d.CPU.Topology = &libvirtxml.DomainCPUTopology{Sockets: int(sockets), Cores: int(cores), Threads: int(threads)}
	for _, f := range cpu.Features {
		policy := f.Policy
		if policy == "" {
			policy = "require"
		}
		if policy == "require" && d.CPU.Mode == "custom" {
			d.CPU.Check = "partial" // or a feature that cannot be had would be missing without a word
		}
		setFeature(d.CPU, f.Name, policy)
	}
}

// vcpus returns the number of the guest's CPUs.
func vcpus(cpu *v1.CPU) uint {
	if cpu == nil {
		return 1
	}
	return uint(max(cpu.Sockets, 1)) * uint(max(cpu.Cores, 1)) * uint(max(cpu.Threads, 1))
}

// setFeature adds a feature, or changes one that the model came with: libvirt takes none twice.
func setFeature(cpu *libvirtxml.DomainCPU, name, policy string) {
	for i := range cpu.Features {
		if cpu.Features[i].Name == name {
			cpu.Features[i].Policy = policy
			return
		}
	}
	cpu.Features = append(cpu.Features, libvirtxml.DomainCPUFeature{Name: name, Policy: policy})
}

func model(cpu *v1.CPU, kvm bool) *libvirtxml.DomainCPU {
	switch {
	case !kvm && cpu.Model == hostPassthrough:
		return &libvirtxml.DomainCPU{Mode: "maximum", Check: "none",
			Features: []libvirtxml.DomainCPUFeature{{Name: "la57", Policy: "disable"}}}
	case !kvm && (cpu.Model == "" || cpu.Model == hostModel):
		c := &libvirtxml.DomainCPU{Mode: "custom", Match: "exact", Check: "none",
			Model: &libvirtxml.DomainCPUModel{Value: "qemu64", Fallback: "forbid"}}
		for _, name := range emulatedCPU {
			c.Features = append(c.Features, libvirtxml.DomainCPUFeature{Name: name, Policy: "require"})
		}
		return c
	case cpu.Model == "" || cpu.Model == hostModel:
		return &libvirtxml.DomainCPU{Mode: hostModel, Check: "partial"}
	case cpu.Model == hostPassthrough:
		return &libvirtxml.DomainCPU{Mode: hostPassthrough, Check: "none", Migratable: on}
	}
	return &libvirtxml.DomainCPU{Mode: "custom", Match: "exact", Check: "partial",
		Model: &libvirtxml.DomainCPUModel{Value: cpu.Model, Fallback: "forbid"}}
}

// emulate makes the domain run without hardware virtualization. Unlimited, QEMU's emulator would keep translated code up
// to an eighth of the host's memory.
func emulate(d *libvirtxml.Domain, spec *v1.DomainSpec) {
	d.Type = "qemu"
	d.Features.TCG = &libvirtxml.DomainFeatureTCG{
		TBCache: &libvirtxml.DomainFeatureTCGTBCache{Size: uint(spec.TranslationCache()), Unit: "MiB"},
	}
}
