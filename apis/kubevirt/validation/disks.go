// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"math/bits"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// What QEMU takes as sizes of a sector, in bytes.
const (
	minBlock = 512
	maxBlock = 2 << 20
)

var (
	lunBuses   = []v1.DiskBus{v1.DiskBusSATA, v1.DiskBusSCSI, v1.DiskBusVirtio}
	diskBuses  = []v1.DiskBus{v1.DiskBusVirtio, v1.DiskBusSATA, v1.DiskBusSCSI, v1.DiskBusUSB}
	cdromBuses = []v1.DiskBus{v1.DiskBusSATA, v1.DiskBusSCSI, v1.DiskBusUSB}
	caches     = []v1.DriverCache{v1.CacheNone, v1.CacheWriteThrough, v1.CacheWriteBack}
	ioModes    = []v1.DriverIO{v1.IONative, v1.IOThreads}
)

func disks(list []v1.Disk, path *field.Path) field.ErrorList {
	errs := tooMany(path, len(list))
	seen := map[string]bool{}
	for i := range list {
		p := path.Index(i)
		errs = append(errs, names(p.Child("name"), list[i].Name, seen)...)
		errs = append(errs, disk(&list[i], p)...)
	}
	return errs
}

func disk(d *v1.Disk, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(members(d.DiskDevice)) > 1 {
		errs = append(errs, field.Invalid(path, d.Name, "can have only a single target type: disk, lun or cdrom"))
	}
	if t := d.Disk; t != nil {
		at := path.Child("disk")
		if !slices.Contains(diskBuses, t.Bus) {
			errs = append(errs, field.NotSupported(at.Child("bus"), t.Bus, diskBuses))
		}
		if t.ReadOnly && (t.Bus == v1.DiskBusSATA || t.Bus == v1.DiskBusUSB) {
			errs = append(errs, field.Invalid(at.Child("readonly"), true, fmt.Sprintf("%s hard disks cannot be read-only; use virtio, scsi or a cdrom", t.Bus)))
		}
	}
	if t := d.Disk; t != nil && t.PciAddress != "" {
		at := path.Child("disk", "pciAddress")
		errs = append(errs, pci(t.PciAddress, at)...)
		if t.Bus != v1.DiskBusVirtio {
			errs = append(errs, field.Invalid(at, t.PciAddress, fmt.Sprintf("setting a PCI address is only possible with bus type virtio, not %s", t.Bus)))
		}
	}
	if t := d.CDRom; t != nil {
		at := path.Child("cdrom")
		if !slices.Contains(cdromBuses, t.Bus) {
			errs = append(errs, field.NotSupported(at.Child("bus"), t.Bus, cdromBuses))
		}
	}
	if t := d.LUN; t != nil && t.Bus != "" && !slices.Contains(lunBuses, t.Bus) {
		errs = append(errs, field.NotSupported(path.Child("lun", "bus"), t.Bus, lunBuses))
	}
	errs = append(errs, serial(d.Serial, path.Child("serial"))...)
	if d.Cache != "" && !slices.Contains(caches, d.Cache) {
		errs = append(errs, field.NotSupported(path.Child("cache"), d.Cache, caches))
	}
	if d.IO != "" && !slices.Contains(ioModes, d.IO) {
		errs = append(errs, field.NotSupported(path.Child("io"), d.IO, ioModes))
	}
	if on(d.DedicatedIOThread, false) && (d.Disk == nil || d.Disk.Bus != v1.DiskBusVirtio) {
		errs = append(errs, field.Invalid(path.Child("dedicatedIOThread"), true, "IOThreads are only supported for disks on a virtio bus"))
	}
	return append(errs, blockSize(d.BlockSize, path.Child("blockSize"))...)
}

func blockSize(b *v1.BlockSize, at *field.Path) field.ErrorList {
	if b == nil || b.Custom == nil {
		return nil
	}
	var errs field.ErrorList
	if b.MatchVolume != nil && on(b.MatchVolume.Enabled, true) {
		errs = append(errs, field.Invalid(at, "[custom matchVolume]", "Block size matching can't be enabled together with a custom value"))
	}
	at = at.Child("custom")
	sizes := []struct {
		field string
		bytes int64
	}{{"logical", b.Custom.Logical}, {"physical", b.Custom.Physical}}
	for _, size := range sizes {
		if size.bytes < minBlock || size.bytes > maxBlock || bits.OnesCount64(uint64(size.bytes)) != 1 {
			errs = append(errs, field.Invalid(at.Child(size.field), size.bytes, "must be a power of two from 512 to 2097152 bytes"))
		}
	}
	if b.Custom.Logical > b.Custom.Physical {
		errs = append(errs, field.Invalid(at.Child("logical"), b.Custom.Logical, "must be at most as large as physical"))
	}
	if g := b.Custom.DiscardGranularity; g != nil && (*g < 0 || b.Custom.Logical > 0 && *g%b.Custom.Logical != 0) {
		errs = append(errs, field.Invalid(at.Child("discardGranularity"), *g, "must be a multiple of logical"))
	}
	return errs
}

// bootOrders checks that every place in the boot sequence is taken once, over disks and interfaces.
func bootOrders(devices *v1.Devices, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := map[int64]bool{}
	check := func(order *int64, p *field.Path) {
		switch {
		case order == nil:
		case *order <= 0:
			errs = append(errs, field.Invalid(p, *order, "must be greater than 0"))
		case taken[*order]:
			errs = append(errs, field.Duplicate(p, *order))
		default:
			taken[*order] = true
		}
	}
	for i := range devices.Disks {
		check(devices.Disks[i].BootOrder, path.Child("disks").Index(i).Child("bootOrder"))
	}
	for i := range devices.Interfaces {
		check(devices.Interfaces[i].BootOrder, path.Child("interfaces").Index(i).Child("bootOrder"))
	}
	return errs
}
