// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import "k8s.io/apimachinery/pkg/api/resource"

// settleQuantities has each quantity of an object that is shared by pointer format itself. It does so
// once and keeps the text, on encoding at the latest; by then many requests share the object that was
// decoded into the watch cache, and one may copy the text while another one writes it.
func settleQuantities(quantities ...*resource.Quantity) {
	for _, q := range quantities {
		_ = q.String() // of nil too
	}
}

func settleSpec(spec *VirtualMachineInstanceSpec) {
	if spec.Domain.Memory != nil {
		settleQuantities(spec.Domain.Memory.Guest)
	}
	for i := range spec.Volumes {
		if disk := spec.Volumes[i].EmptyDisk; disk != nil {
			settleQuantities(&disk.Capacity)
		}
	}
}

func settleMemory(m *MemoryStatus) {
	if m != nil {
		settleQuantities(m.GuestAtBoot, m.GuestCurrent, m.GuestRequested, m.MemoryOverhead)
	}
}
