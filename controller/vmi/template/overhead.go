// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const mebibyte = 1 << 20

// The parts of what a launcher pod needs beside the guest's memory.
const (
	// launcherOverhead is the launcher process.
	launcherOverhead = 20 * mebibyte
	// libvirtOverhead is libvirtd.
	libvirtOverhead = 32 * mebibyte
	// qemuOverhead is QEMU's code, heap and device state.
	qemuOverhead = 48 * mebibyte
	// vcpuOverhead is QEMU's and the kernel's share per CPU: stacks, KVM state, I/O buffers.
	vcpuOverhead = 8 * mebibyte
	// graphicsOverhead is the video memory of 16 MiB and the buffers of the VNC server.
	graphicsOverhead = 24 * mebibyte
	// pageTableShare is the share of the guest's memory that its page tables take: 8 bytes per page of 4 KiB.
	pageTableShare = 512
)

// Overhead returns the memory that the instance's pod needs beside the guest's memory.
func Overhead(vmi *v1.VirtualMachineInstance) resource.Quantity {
	bytes := int64(launcherOverhead + libvirtOverhead + qemuOverhead)
	bytes += guestMemory(vmi).Value() / pageTableShare
	bytes += vcpuOverhead * vcpus(vmi)
	if ptr.Deref(vmi.Spec.Domain.Devices.AutoattachGraphicsDevice, true) {
		bytes += graphicsOverhead
	}
	return *resource.NewQuantity(bytes, resource.BinarySI)
}
