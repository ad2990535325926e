// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// maxExponent is far above what any quantity of a machine can be: 10^64 bytes.
const maxExponent = 64

// capSpec caps the quantities of a spec at 2^63-1 either way, as the API of quantities documents it. Those that are written
// with an exponent such as 1e999999999 get by that cap when they are parsed, and to compare one takes minutes and all of
// the memory: a request of 100 bytes would end the server.
func capSpec(spec *VirtualMachineInstanceSpec) {
	capList(spec.Domain.Resources.Requests)
	capList(spec.Domain.Resources.Limits)
	if memory := spec.Domain.Memory; memory != nil {
		capQuantity(memory.Guest)
		capQuantity(memory.MaxGuest)
		if memory.ReservedOverhead != nil {
			capQuantity(memory.ReservedOverhead.AddedOverhead)
		}
	}
	for i := range spec.Volumes {
		capVolume(&spec.Volumes[i].VolumeSource)
	}
}

// capStatus caps the quantities of a status, which a node that was taken over may write.
func capStatus(status *VirtualMachineInstanceStatus) {
	if m := status.Memory; m != nil {
		for _, q := range []*resource.Quantity{m.GuestAtBoot, m.GuestCurrent, m.GuestRequested, m.MemoryOverhead} {
			capQuantity(q)
		}
	}
	if m := status.MigrationState; m != nil {
		capQuantity(m.TargetMemoryOverhead)
		if m.MigrationConfiguration != nil {
			capQuantity(m.MigrationConfiguration.BandwidthPerMigration)
		}
	}
}

func capVolume(source *VolumeSource) {
	if disk := source.EmptyDisk; disk != nil {
		capQuantity(&disk.Capacity)
	}
	if disk := source.HostDisk; disk != nil {
		capQuantity(&disk.Capacity)
	}
	if files := source.DownwardAPI; files != nil {
		for i := range files.Fields {
			if ref := files.Fields[i].ResourceFieldRef; ref != nil {
				capQuantity(&ref.Divisor)
			}
		}
	}
}

func capDataVolume(spec *DataVolumeSpec) {
	if spec.PVC != nil {
		capList(spec.PVC.Resources.Requests)
		capList(spec.PVC.Resources.Limits)
	}
	if spec.Storage != nil {
		capList(spec.Storage.Resources.Requests)
		capList(spec.Storage.Resources.Limits)
	}
}

// capConfiguration caps the quantities of the settings.
func capConfiguration(c *KubeVirtConfiguration) {
	capQuantity(c.CPURequest)
	if c.MigrationConfiguration != nil {
		capQuantity(c.MigrationConfiguration.BandwidthPerMigration)
	}
	if c.LiveUpdateConfiguration != nil {
		capQuantity(c.LiveUpdateConfiguration.MaxGuest)
	}
	if c.DeveloperConfiguration != nil && c.DeveloperConfiguration.DiskVerification != nil {
		capQuantity(c.DeveloperConfiguration.DiskVerification.MemoryLimit)
	}
	for _, further := range c.SupportContainerResources {
		capList(further.Resources.Requests)
		capList(further.Resources.Limits)
	}
	if c.NetworkConfiguration != nil {
		for _, binding := range c.NetworkConfiguration.Binding {
			if overhead := binding.ComputeResourceOverhead; overhead != nil {
				capList(overhead.Requests)
				capList(overhead.Limits)
			}
		}
	}
}

func capList(list corev1.ResourceList) {
	for name, q := range list {
		if capQuantity(&q) {
			list[name] = q
		}
	}
}

// capQuantity tells whether it changed the quantity.
func capQuantity(q *resource.Quantity) bool {
	if q == nil {
		return false
	}
	number := *q // AsDec changes the one that it is called on; all else counts up to the exponent
	d := number.AsDec()
	most := resource.NewQuantity(math.MaxInt64, q.Format)
	if d.Sign() < 0 {
		most = resource.NewQuantity(-math.MaxInt64, q.Format)
	}
	switch {
	case d.Sign() == 0:
		most = resource.NewQuantity(0, q.Format)
		if d.Scale() >= -maxExponent {
			return false
		}
	case d.Scale() >= -maxExponent && d.Sign()*q.Cmp(*most) <= 0:
		return false
	}
	*q = *most
	return true
}
