// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/disk"
)

// virtioModel leaves out the transitional device of virtio 0.9 and its I/O ports.
const virtioModel = "virtio-non-transitional"

// cacheUnsafe ignores the guest's flushes. It is right for data that never outlives the instance:
// when QEMU or the node fails there is nothing left to be consistent.
const cacheUnsafe = "unsafe"

// addDisks adds the disks and returns the device names by volume.
func addDisks(devices *libvirtxml.DomainDeviceList, in Input) (map[string]string, error) {
	names := map[string]string{}
	count := map[string]int{}
	order := bootOrders(in)
	for i := range in.VMI.Spec.Domain.Devices.Disks {
		spec := &in.VMI.Spec.Domain.Devices.Disks[i]
		field := fmt.Sprintf("spec.domain.devices.disks[%d]", i)
		source, ok := in.Volumes[spec.Name]
		if !ok {
			return nil, fmt.Errorf("%s.name: there is no volume %q", field, spec.Name)
		}
		d, bus := newDisk(spec, source)
		prefix, err := devicePrefix(bus)
		if err != nil {
			return nil, fmt.Errorf("%s.bus: %w", field, err)
		}
		if bus == v1.DiskBusVirtio && d.Device == "cdrom" {
			return nil, fmt.Errorf("%s.cdrom.bus: virtio has no CD-ROM; use sata, scsi or usb", field)
		}
		name := deviceName(prefix, count[prefix])
		count[prefix]++
		d.Target = &libvirtxml.DomainDiskTarget{Dev: name, Bus: string(bus)}
		if bus == v1.DiskBusVirtio {
			d.Model = virtioModel
		}
		if o := order[i]; o > 0 {
			d.Boot = &libvirtxml.DomainDeviceBoot{Order: o}
		}
		names[spec.Name] = name
		devices.Disks = append(devices.Disks, d)
	}
	return names, nil
}

func newDisk(spec *v1.Disk, source disk.Source) (libvirtxml.DomainDisk, v1.DiskBus) {
	d := libvirtxml.DomainDisk{
		Device: "disk",
		Driver: &libvirtxml.DomainDiskDriver{
			Name: "qemu", Type: string(source.Format), ErrorPolicy: "stop", Discard: "unmap",
			Cache: string(spec.Cache), IO: string(spec.IO),
		},
		Source:       diskSource(source),
		BackingStore: backingStore(source.Backing),
		Serial:       spec.Serial,
		Alias:        alias(spec.Name),
	}
	bus, readOnly := v1.DiskBusSATA, source.ReadOnly
	switch {
	case spec.CDRom != nil:
		d.Device = "cdrom"
		bus = orSATA(spec.CDRom.Bus)
		readOnly = readOnly || spec.CDRom.ReadOnly == nil || *spec.CDRom.ReadOnly
	case spec.Disk != nil:
		bus = orSATA(spec.Disk.Bus)
		readOnly = readOnly || spec.Disk.ReadOnly
	}
	if readOnly {
		d.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
		d.Driver.Discard = ""
	}
	if spec.Cache == "" {
		d.Driver.Cache = defaultCache(spec, source)
	}
	return d, bus
}

func defaultCache(spec *v1.Disk, source disk.Source) string {
	switch {
	case spec.IO == v1.IONative:
		return string(v1.CacheNone) // what native I/O asks for
	case !source.Ephemeral && source.Indirect:
		return string(v1.CacheWriteThrough)
	case !source.Ephemeral:
		return string(v1.CacheNone)
	case source.ReadOnly:
		return "" // an image of a few blocks: QEMU's default does
	}
	return cacheUnsafe
}

func orSATA(bus v1.DiskBus) v1.DiskBus {
	if bus == "" {
		return v1.DiskBusSATA
	}
	return bus
}

func diskSource(source disk.Source) *libvirtxml.DomainDiskSource {
	if source.Block {
		return &libvirtxml.DomainDiskSource{Block: &libvirtxml.DomainDiskSourceBlock{Dev: source.Path}}
	}
	return &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: source.Path}}
}

// backingStore spells the chain out, so that libvirt reads no header to find it.
func backingStore(backing *disk.Source) *libvirtxml.DomainDiskBackingStore {
	if backing == nil {
		return &libvirtxml.DomainDiskBackingStore{}
	}
	return &libvirtxml.DomainDiskBackingStore{
		Format:       &libvirtxml.DomainDiskFormat{Type: string(backing.Format)},
		Source:       diskSource(*backing),
		BackingStore: backingStore(backing.Backing),
	}
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

func alias(name string) *libvirtxml.DomainAlias { return &libvirtxml.DomainAlias{Name: "ua-" + name} }
