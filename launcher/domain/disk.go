// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/disk"
)

// cacheUnsafe ignores the guest's flushes. It is right for data that never outlives the instance:
// when QEMU or the node fails there is nothing left to be consistent.
const cacheUnsafe = "unsafe"

// newDisk returns the disk without its device name. Errors begin with the field below the disk's.
func newDisk(spec *v1.Disk, source disk.Source) (*libvirtxml.DomainDisk, v1.DiskBus, error) {
	d := &libvirtxml.DomainDisk{
		Device: "disk",
		Driver: &libvirtxml.DomainDiskDriver{
			Name: "qemu", Type: string(source.Format), ErrorPolicy: errorPolicy(spec), Discard: "unmap",
			Cache: string(spec.Cache), IO: string(spec.IO),
		},
		Source:       diskSource(source),
		BackingStore: backingStore(source.Backing),
		Target:       &libvirtxml.DomainDiskTarget{},
		Serial:       spec.Serial,
		Alias:        alias(spec.Name),
	}
	bus, readOnly, err := shape(d, spec, source)
	if err != nil {
		return nil, "", err
	}
	// Hard disks on these buses are always writable. An image that was made for this instance alone goes with it,
	// whatever the guest does to it.
	writable := d.Device == "disk" && (bus == v1.DiskBusSATA || bus == v1.DiskBusUSB)
	switch {
	case source.ReadOnly && writable && !source.Ephemeral:
		return nil, "", fmt.Errorf(".disk.bus: the volume is read-only, which %s hard disks cannot be; use virtio, scsi or a cdrom", bus)
	case source.ReadOnly && !writable:
		readOnly = true
	}
	if readOnly {
		d.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
		d.Driver.Discard = ""
	}
	if spec.Cache == "" {
		d.Driver.Cache = defaultCache(spec, source)
	}
	if isTrue(spec.Shareable, false) {
		if source.Format != disk.Raw {
			return nil, "", fmt.Errorf(".shareable: the volume is an image in the format %s, which only one machine can write; use a raw volume", source.Format)
		}
		d.Shareable = &libvirtxml.DomainDiskShareable{}
		d.Driver.Cache = string(v1.CacheNone) // what others have written must not be hidden by a cache
	}
	d.BlockIO, err = blockIO(spec.BlockSize)
	return d, bus, err
}

// shape makes the disk a hard disk, a CD-ROM or a SCSI device that is passed through.
func shape(d *libvirtxml.DomainDisk, spec *v1.Disk, source disk.Source) (bus v1.DiskBus, readOnly bool, err error) {
	switch {
	case spec.CDRom != nil:
		d.Device = "cdrom"
		if bus = orSATA(spec.CDRom.Bus); bus == v1.DiskBusVirtio {
			return "", false, fmt.Errorf(".cdrom.bus: virtio has no CD-ROM; use sata, scsi or usb")
		}
		if spec.CDRom.Tray == v1.TrayStateOpen {
			d.Target.Tray = string(v1.TrayStateOpen)
		}
		return bus, isTrue(spec.CDRom.ReadOnly, true), nil
	case spec.LUN != nil:
		d.Device = "lun"
		d.Driver.Discard = ""
		switch bus = spec.LUN.Bus; {
		case bus == "":
			bus = v1.DiskBusSCSI
		case bus != v1.DiskBusSCSI:
			return "", false, fmt.Errorf(".lun.bus: %q passes no SCSI commands on; use scsi", bus)
		}
		if !source.Block {
			return "", false, fmt.Errorf(".lun: the volume is no block device; use disk, or a claim of volumeMode Block")
		}
		return bus, spec.LUN.ReadOnly, nil
	case spec.Disk == nil:
		return v1.DiskBusSATA, false, nil
	}
	bus = orSATA(spec.Disk.Bus)
	if address := spec.Disk.PciAddress; address != "" {
		if bus != v1.DiskBusVirtio {
			return "", false, fmt.Errorf(".disk.pciAddress: disks on the bus %s have no PCI address; use virtio", bus)
		}
		if d.Address, err = parsePCIAddress(address); err != nil {
			return "", false, fmt.Errorf(".disk.pciAddress: %w", err)
		}
	}
	return bus, spec.Disk.ReadOnly, nil
}

func errorPolicy(spec *v1.Disk) string {
	if spec.ErrorPolicy != nil && *spec.ErrorPolicy != "" {
		return string(*spec.ErrorPolicy)
	}
	return "stop"
}

// blockIO returns the sizes in bytes of the blocks that the guest sees; nil for QEMU's choice.
func blockIO(size *v1.BlockSize) (*libvirtxml.DomainDiskBlockIO, error) {
	switch {
	case size == nil:
		return nil, nil
	case size.MatchVolume != nil && isTrue(size.MatchVolume.Enabled, true):
		return nil, fmt.Errorf(".blockSize.matchVolume: is not supported yet; use custom")
	case size.Custom == nil:
		return nil, nil
	}
	result := &libvirtxml.DomainDiskBlockIO{
		LogicalBlockSize: uint(size.Custom.Logical), PhysicalBlockSize: uint(size.Custom.Physical),
	}
	if granularity := size.Custom.DiscardGranularity; granularity != nil {
		result.DiscardGranularity = ptr(uint(*granularity))
	}
	return result, nil
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
