// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"
	"regexp"
	"strconv"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// Slot 1 of the root complex is where libvirt puts a display; from slot 0x1a on the chipset has
	// devices of its own.
	firstSlot = 0x02
	lastSlot  = 0x18
)

var pciAddressPattern = regexp.MustCompile(`^([0-9a-fA-F]{4}):([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\.([0-7])$`)

// parsePCIAddress reads an address such as 0000:81:00.0.
func parsePCIAddress(text string) (*libvirtxml.DomainAddress, error) {
	parts := pciAddressPattern.FindStringSubmatch(text)
	if parts == nil {
		return nil, fmt.Errorf("%q is not a PCI address; use DOMAIN:BUS:SLOT.FUNCTION, such as 0000:81:00.0", text)
	}
	var numbers [4]uint
	for i := range numbers {
		n, _ := strconv.ParseUint(parts[i+1], 16, 16)
		numbers[i] = uint(n)
	}
	if numbers[0] != 0 || numbers[2] > 0x1f {
		return nil, fmt.Errorf("%q is not an address in the guest; the domain is 0000 and slots go up to 1f", text)
	}
	return &libvirtxml.DomainAddress{PCI: &libvirtxml.DomainAddressPCI{
		Domain: &numbers[0], Bus: &numbers[1], Slot: &numbers[2], Function: &numbers[3],
	}}, nil
}

// placeDevices puts devices on the PCI root complex itself. libvirt would give each a root port of
// its own: a bridge that firmware and kernel have to set up, a tenth of the time that an emulated
// guest takes to boot. Devices that find no slot any more get a port from libvirt.
func placeDevices(devices *libvirtxml.DomainDeviceList) {
	taken := takenSlots(devices)
	slot := uint(firstSlot)
	place := func(address **libvirtxml.DomainAddress) {
		if *address != nil {
			return // the owner's choice
		}
		for taken[slot] {
			slot++
		}
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
	placeExtras(devices, place)
}

// placeExtras places the rarer devices after all others, which keep their slots when one is added.
// The sound card ich9 has a slot of the chipset.
func placeExtras(devices *libvirtxml.DomainDeviceList, place func(**libvirtxml.DomainAddress)) {
	for i := range devices.Watchdogs {
		place(&devices.Watchdogs[i].Address)
	}
	for i := range devices.Sounds {
		if devices.Sounds[i].Model == "ac97" {
			place(&devices.Sounds[i].Address)
		}
	}
	for i := range devices.Panics {
		if devices.Panics[i].Model == string(v1.PanicDevicePvpanic) {
			place(&devices.Panics[i].Address)
		}
	}
}

// takenSlots returns the slots of the root complex that the owner has given away.
func takenSlots(devices *libvirtxml.DomainDeviceList) map[uint]bool {
	taken := map[uint]bool{}
	note := func(address *libvirtxml.DomainAddress) {
		if address != nil && address.PCI != nil && *address.PCI.Bus == 0 {
			taken[*address.PCI.Slot] = true
		}
	}
	for i := range devices.Disks {
		note(devices.Disks[i].Address)
	}
	for i := range devices.Interfaces {
		note(devices.Interfaces[i].Address)
	}
	return taken
}
