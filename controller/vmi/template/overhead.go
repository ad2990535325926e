// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"math"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const mebibyte = 1 << 20

// The parts of what a launcher pod needs beside the guest's memory. They are proportional set sizes of a lone
// instance, the dearest case since it shares its programs with nobody, as `make bench-start` prints them.
const (
	// launcherOverhead is the launcher process: 12 MiB measured.
	launcherOverhead = 12 * mebibyte
	// libvirtOverhead is libvirtd: 21 MiB measured.
	libvirtOverhead = 21 * mebibyte
	// qemuOverhead is QEMU's program and libraries, 26 MiB measured, and its heap, 24 MiB measured.
	qemuOverhead = 50 * mebibyte
	// vcpuOverhead is QEMU's and the kernel's share per CPU: stacks, KVM state, I/O buffers.
	vcpuOverhead = 8 * mebibyte
	// graphicsOverhead is the video memory, of which a guest in text mode touches 2 MiB.
	graphicsOverhead = 16 * mebibyte
	// efiOverhead is the flash of a UEFI firmware, 4 MiB, and what QEMU keeps for it, 2 MiB measured.
	efiOverhead = 6 * mebibyte
	// ioThreadOverhead is a thread for disks with its heap: half of it measured while there is nothing to do.
	ioThreadOverhead = 1 * mebibyte
	// probeOverhead is a probe that asks the guest agent: a second process of the launcher's program.
	probeOverhead = 16 * mebibyte
	// pageTableShare is the share of the guest's memory that its page tables take: 8 bytes per page of 4 KiB.
	pageTableShare = 512
)

// Overhead returns the memory that the instance's pod gets beside the guest's memory.
func (o Options) Overhead(vmi *v1.VirtualMachineInstance) resource.Quantity {
	measured := Overhead(vmi, o.UseEmulation)
	if bytes := float64(measured.Value()) * o.OverheadRatio; bytes > float64(measured.Value()) && bytes < math.MaxInt64 {
		return *resource.NewQuantity(int64(bytes), resource.BinarySI)
	}
	return measured
}

// Overhead returns the memory that the instance's pod needs beside the guest's memory.
func Overhead(vmi *v1.VirtualMachineInstance, emulation bool) resource.Quantity {
	bytes := int64(launcherOverhead + libvirtOverhead + qemuOverhead)
	bytes += guestMemory(vmi).Value() / pageTableShare
	bytes += vcpuOverhead * vcpus(vmi)
	if ptr.Deref(vmi.Spec.Domain.Devices.AutoattachGraphicsDevice, true) {
		bytes += graphicsOverhead
	}
	if f := vmi.Spec.Domain.Firmware; f != nil && f.Bootloader != nil && f.Bootloader.EFI != nil {
		bytes += efiOverhead
	}
	bytes += ioThreadOverhead * ioThreads(&vmi.Spec.Domain)
	for _, p := range []*v1.Probe{vmi.Spec.LivenessProbe, vmi.Spec.ReadinessProbe} {
		if byAgent(p) {
			bytes += probeOverhead
		}
	}
	if emulation {
		bytes += vmi.Spec.Domain.TranslationCache() * mebibyte
	}
	return *resource.NewQuantity(bytes, resource.BinarySI)
}

// ioThreads returns the most threads that the guest's disks can have beside its CPUs; package
// launcher/domain hands them out.
func ioThreads(domain *v1.DomainSpec) int64 {
	var dedicated, others int64
	for i := range domain.Devices.Disks {
		switch disk := &domain.Devices.Disks[i]; {
		case disk.Disk == nil || disk.Disk.Bus != v1.DiskBusVirtio:
		case ptr.Deref(disk.DedicatedIOThread, false):
			dedicated++
		default:
			others++
		}
	}
	switch ptr.Deref(domain.IOThreadsPolicy, "") {
	case v1.IOThreadsPolicyAuto:
		return dedicated + others
	case v1.IOThreadsPolicySupplementalPool:
		if t := domain.IOThreads; t != nil {
			return dedicated + int64(ptr.Deref(t.SupplementalPoolThreadCount, 0))
		}
	case v1.IOThreadsPolicyShared:
		return dedicated + 1
	}
	return dedicated + min(dedicated, 1) // the others share one where a disk has its own
}
