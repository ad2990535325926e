// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// Slot 1 of the root complex is where libvirt puts a display; from slot 0x1a on the chipset has
	// devices of its own.
	firstSlot = 0x02
	lastSlot  = 0x18
)

// placeDevices puts devices on the PCI root complex itself. libvirt would give each a root port of
// its own: a bridge that firmware and kernel have to set up, a tenth of the time that an emulated
// guest takes to boot. Devices that find no slot any more get a port from libvirt.
func placeDevices(devices *libvirtxml.DomainDeviceList) {
	slot := uint(firstSlot)
	place := func(address **libvirtxml.DomainAddress) {
		if slot > lastSlot {
			return
		}
		*address = &libvirtxml.DomainAddress{PCI: &libvirtxml.DomainAddressPCI{
			Domain: ptr(uint(0)), Bus: ptr(uint(0)), Slot: ptr(slot), Function: ptr(uint(0)),
		}}
		slot++
	}
	// Guests name their NICs by slot: what comes before them has its slot even when it is not there,
	// so that they never move.
	for i := range devices.Controllers {
		if devices.Controllers[i].Type == "virtio-serial" {
			place(&devices.Controllers[i].Address)
		}
	}
	var balloon *libvirtxml.DomainAddress
	place(&balloon)
	if devices.MemBalloon.Model != "none" {
		devices.MemBalloon.Address = balloon
	}
	for i := range devices.Interfaces {
		place(&devices.Interfaces[i].Address)
	}
	for i := range devices.Controllers {
		if c := &devices.Controllers[i]; c.Address == nil && c.Model != "none" {
			place(&c.Address)
		}
	}
	for i := range devices.RNGs {
		place(&devices.RNGs[i].Address)
	}
	for i := range devices.Inputs {
		if devices.Inputs[i].Bus == "virtio" {
			place(&devices.Inputs[i].Address)
		}
	}
	for i := range devices.Disks {
		if devices.Disks[i].Target.Bus == string(v1.DiskBusVirtio) {
			place(&devices.Disks[i].Address)
		}
	}
}
