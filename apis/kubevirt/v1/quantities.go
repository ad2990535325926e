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
	if memory := spec.Domain.Memory; memory != nil {
		settleQuantities(memory.Guest, memory.MaxGuest)
		if memory.ReservedOverhead != nil {
			settleQuantities(memory.ReservedOverhead.AddedOverhead)
		}
	}
	for i := range spec.Volumes {
		settleVolume(&spec.Volumes[i].VolumeSource)
	}
}

func settleVolume(source *VolumeSource) {
	if disk := source.EmptyDisk; disk != nil {
		settleQuantities(&disk.Capacity)
	}
	if disk := source.HostDisk; disk != nil {
		settleQuantities(&disk.Capacity)
	}
	if files := source.DownwardAPI; files != nil {
		for i := range files.Fields {
			if ref := files.Fields[i].ResourceFieldRef; ref != nil {
				settleQuantities(&ref.Divisor)
			}
		}
	}
}

func settleStatus(status *VirtualMachineInstanceStatus) {
	if m := status.Memory; m != nil {
		settleQuantities(m.GuestAtBoot, m.GuestCurrent, m.GuestRequested, m.MemoryOverhead)
	}
	if m := status.MigrationState; m != nil {
		settleQuantities(m.TargetMemoryOverhead)
		if m.MigrationConfiguration != nil {
			settleQuantities(m.MigrationConfiguration.BandwidthPerMigration)
		}
	}
}
