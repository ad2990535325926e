// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// minMilliCPU is the least CPU that a pod asks for, in thousandths.
	minMilliCPU = 100
	// ephemeralStorage is what libvirt's state and logs and the cloud-init image take, in bytes.
	ephemeralStorage = 50_000_000
)

// resources returns what the container asks for: the user's requests and limits with the overhead
// added, and what follows from the guest's size where the user says nothing.
func resources(vmi *v1.VirtualMachineInstance, overhead resource.Quantity, options Options) corev1.ResourceRequirements {
	asked := vmi.Spec.Domain.Resources
	limits := asked.Limits.DeepCopy()
	if limits == nil {
		limits = corev1.ResourceList{}
	}
	requests := asked.Requests.DeepCopy()
	if requests == nil {
		requests = corev1.ResourceList{}
	}
	addTo(limits, corev1.ResourceMemory, overhead)
	addTo(limits, corev1.ResourceEphemeralStorage, *resource.NewQuantity(ephemeralStorage, resource.DecimalSI))

	if _, ok := requests[corev1.ResourceCPU]; !ok {
		requests[corev1.ResourceCPU] = cpuRequest(vmi, options)
	}
	if _, ok := requests[corev1.ResourceMemory]; !ok {
		requests[corev1.ResourceMemory] = memoryRequest(vmi, options.MemoryOvercommit)
	}
	if !asked.OvercommitGuestOverhead {
		addTo(requests, corev1.ResourceMemory, overhead)
	}
	storage := requests[corev1.ResourceEphemeralStorage]
	storage.Add(*resource.NewQuantity(ephemeralStorage, resource.DecimalSI))
	requests[corev1.ResourceEphemeralStorage] = storage
	for name, limit := range limits {
		if request, ok := requests[name]; ok && request.Cmp(limit) > 0 {
			requests[name] = limit.DeepCopy()
		}
	}
	for _, device := range devices(vmi, options.UseEmulation) {
		limits[device] = resource.MustParse("1")
		requests[device] = resource.MustParse("1")
	}
	return corev1.ResourceRequirements{Requests: requests, Limits: limits}
}

// addTo adds to a quantity that is there.
func addTo(list corev1.ResourceList, name corev1.ResourceName, more resource.Quantity) {
	if q, ok := list[name]; ok {
		q.Add(more)
		list[name] = q
	}
}

func cpuRequest(vmi *v1.VirtualMachineInstance, options Options) resource.Quantity {
	if options.CPURequest != nil {
		return options.CPURequest.DeepCopy()
	}
	return *resource.NewMilliQuantity(max(minMilliCPU, vcpus(vmi)*1000/max(options.CPUAllocationRatio, 1)), resource.DecimalSI)
}

func memoryRequest(vmi *v1.VirtualMachineInstance, overcommit int64) resource.Quantity {
	// Divided first where the product would not fit; the error is below one percent of a byte then.
	guest, percent := guestMemory(vmi).Value(), max(overcommit, 1)
	bytes := guest / percent * 100
	bytes += guest % percent * 100 / percent
	return *resource.NewQuantity(bytes, resource.BinarySI)
}

// guestMemory returns what the guest sees; the defaults have derived it from the requests where the user left it out.
func guestMemory(vmi *v1.VirtualMachineInstance) *resource.Quantity {
	if m := vmi.Spec.Domain.Memory; m != nil && m.Guest != nil {
		return m.Guest
	}
	return resource.NewQuantity(0, resource.BinarySI)
}

// vcpus returns the number of the guest's CPUs.
func vcpus(vmi *v1.VirtualMachineInstance) int64 {
	cpu := vmi.Spec.Domain.CPU
	if cpu == nil {
		return 1
	}
	return int64(max(cpu.Cores, 1)) * int64(max(cpu.Sockets, 1)) * int64(max(cpu.Threads, 1))
}

// devices returns the device resources that the guest needs.
func devices(vmi *v1.VirtualMachineInstance, emulation bool) []corev1.ResourceName {
	var out []corev1.ResourceName
	if !emulation {
		out = append(out, v1.KVMResource)
	}
	tap, virtio := false, false
	for _, nic := range vmi.Spec.Domain.Devices.Interfaces {
		if nic.SRIOV != nil {
			continue
		}
		tap = true
		virtio = virtio || nic.Model == "" || nic.Model == "virtio"
	}
	if tap {
		out = append(out, v1.TunResource)
	}
	if virtio && !emulation {
		out = append(out, v1.VhostNetResource)
	}
	return out
}
