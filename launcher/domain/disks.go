// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// addDisks adds the disks, and returns the device names by volume and the threads for their I/O.
func addDisks(devices *libvirtxml.DomainDeviceList, in Input) (map[string]string, *ioThreads, error) {
	names := map[string]string{}
	count := map[string]int{}
	order := bootOrders(in)
	threads, err := newIOThreads(in.VMI)
	if err != nil {
		return nil, nil, err
	}
	for i := range in.VMI.Spec.Domain.Devices.Disks {
		spec := &in.VMI.Spec.Domain.Devices.Disks[i]
		field := fmt.Sprintf("spec.domain.devices.disks[%d]", i)
		source, ok := in.Volumes[spec.Name]
		if !ok {
			return nil, nil, fmt.Errorf("%s.name: there is no volume %q", field, spec.Name)
		}
		d, bus, err := newDisk(spec, source)
		if err != nil {
			return nil, nil, fmt.Errorf("%s%w", field, err)
		}
		prefix, err := devicePrefix(bus)
		if err != nil {
			return nil, nil, fmt.Errorf("%s.bus: %w", field, err)
		}
		name := deviceName(prefix, count[prefix])
		count[prefix]++
		d.Target.Dev, d.Target.Bus = name, string(bus)
		if bus == v1.DiskBusVirtio {
			d.Model = virtio(in.VMI)
			if isTrue(in.VMI.Spec.Domain.Devices.BlockMultiQueue, false) {
				d.Driver.Queues = ptr(vcpus(in.VMI.Spec.Domain.CPU))
			}
			threads.assign(spec, d.Driver)
		}
		if o := order[i]; o > 0 {
			d.Boot = &libvirtxml.DomainDeviceBoot{Order: o}
		}
		names[spec.Name] = name
		devices.Disks = append(devices.Disks, *d)
	}
	return names, threads, nil
}

// devicePrefix returns how Linux names disks of a bus; sata, scsi and usb share a prefix.
func devicePrefix(bus v1.DiskBus) (string, error) {
	switch bus {
	case v1.DiskBusVirtio:
		return "vd", nil
	case v1.DiskBusSATA, v1.DiskBusSCSI, v1.DiskBusUSB:
		return "sd", nil
	}
	return "", fmt.Errorf("%q is not supported; use virtio, sata, scsi or usb", bus)
}

// deviceName counts a, b ... z, aa, ab and so on.
func deviceName(prefix string, index int) string {
	suffix := ""
	for index++; index > 0; index = (index - 1) / 26 {
		suffix = string(rune('a'+(index-1)%26)) + suffix
	}
	return prefix + suffix
}

// bootOrders returns the boot order of each disk, 0 for none. When the owner asks for no order, the
// disks are tried as they are listed.
func bootOrders(in Input) []uint {
	devices := &in.VMI.Spec.Domain.Devices
	orders := make([]uint, len(devices.Disks))
	explicit := false
	for i := range devices.Disks {
		if order := devices.Disks[i].BootOrder; order != nil {
			orders[i] = uint(*order)
			explicit = true
		}
	}
	for i := range devices.Interfaces {
		explicit = explicit || devices.Interfaces[i].BootOrder != nil
	}
	if explicit {
		return orders
	}
	var next uint = 1
	for i := range devices.Disks {
		if !in.Volumes[devices.Disks[i].Name].Config {
			orders[i] = next
			next++
		}
	}
	return orders
}
