// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestDisks(t *testing.T) {
	root := func(change func(*v1.Disk)) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { change(&s.Domain.Devices.Disks[0]) }
	}
	for _, c := range []specCase{
		{"disk without volume", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Disks = append(s.Domain.Devices.Disks, v1.Disk{Name: "data"})
		}, []string{`$.domain.devices.disks[2].name: Invalid value: "data": $.volumes has no volume 'data' for this disk`}},
		{"volume without disk", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.Disks = nil }, nil},
		{"same name twice", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.Disks[1].Name = "root" }, []string{
			`$.domain.devices.disks[1].name: Duplicate value: "root"`,
		}},
		{"name", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.Disks[0].Name, s.Volumes[0].Name = "A_", "A_" }, []string{
			`$.domain.devices.disks[0].name: Invalid value: "A_": ` + labelRule,
			`$.volumes[0].name: Invalid value: "A_": ` + labelRule,
		}},
		{"two targets", root(func(d *v1.Disk) { d.CDRom = &v1.CDRomTarget{} }), []string{
			`$.domain.devices.disks[0]: Invalid value: "root": can have only a single target type: disk, lun or cdrom`,
		}},
		{"bus", root(func(d *v1.Disk) { d.Disk.Bus = "ide" }), []string{
			`$.domain.devices.disks[0].disk.bus: Unsupported value: "ide": supported values: "virtio", "sata", "scsi", "usb"`,
		}},
		{"cdrom bus and tray", root(func(d *v1.Disk) { d.Disk, d.CDRom = nil, &v1.CDRomTarget{Bus: "virtio", Tray: "ajar"} }), []string{
			`$.domain.devices.disks[0].cdrom.tray: Unsupported value: "ajar": supported values: "open", "closed"`,
			`$.domain.devices.disks[0].cdrom.bus: Unsupported value: "virtio": supported values: "sata", "scsi", "usb"`,
		}},
		{"read-only sata", root(func(d *v1.Disk) { d.Disk.Bus, d.Disk.ReadOnly = v1.DiskBusSATA, true }), []string{
			`$.domain.devices.disks[0].disk.readonly: Invalid value: true: sata hard disks cannot be read-only; use virtio, scsi or a cdrom`,
		}},
		{"read-only usb", root(func(d *v1.Disk) { d.Disk.Bus, d.Disk.ReadOnly = v1.DiskBusUSB, true }), []string{
			`$.domain.devices.disks[0].disk.readonly: Invalid value: true: usb hard disks cannot be read-only; use virtio, scsi or a cdrom`,
		}},
		{"read-only virtio", root(func(d *v1.Disk) { d.Disk.ReadOnly = true }), nil},
		{"serial, cache and io", root(func(d *v1.Disk) { d.Serial, d.Cache, d.IO = "a/b", "fast", "aio" }), []string{
			`$.domain.devices.disks[0].serial: Invalid value: "a/b": must be at most 256 characters of [A-Za-z0-9_.+-]`,
			`$.domain.devices.disks[0].cache: Unsupported value: "fast": supported values: "none", "writethrough", "writeback"`,
			`$.domain.devices.disks[0].io: Unsupported value: "aio": supported values: "native", "threads"`,
		}},
		{"boot order of zero", root(func(d *v1.Disk) { d.BootOrder = ptr(int64(0)) }), []string{
			`$.domain.devices.disks[0].bootOrder: Invalid value: 0: must be greater than 0`,
		}},
		{"boot order twice", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Disks[0].BootOrder, s.Domain.Devices.Disks[1].BootOrder = ptr(int64(1)), ptr(int64(2))
			s.Domain.Devices.Interfaces[0].BootOrder = ptr(int64(1))
		}, []string{`$.domain.devices.interfaces[0].bootOrder: Duplicate value: 1`}},
		{"too many", func(s *v1.VirtualMachineInstanceSpec) {
			s.Volumes, s.Domain.Devices.Disks = nil, nil
			for i := range 257 {
				s.Volumes = append(s.Volumes, v1.Volume{Name: fmt.Sprint("v", i), VolumeSource: v1.VolumeSource{
					EmptyDisk: &v1.EmptyDiskSource{Capacity: *quantity("1Mi")},
				}})
			}
		}, []string{
			`$.domain.devices.disks: Too many: 257: must have at most 256 items`,
			`$.volumes: Too many: 257: must have at most 256 items`,
		}},
	} {
		c.run(t)
	}
}

const labelRule = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`
