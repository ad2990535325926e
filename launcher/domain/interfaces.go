// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// nicModels are the NICs that QEMU has as PCI devices.
var nicModels = map[string]bool{
	"": true, "virtio": true, "e1000": true, "e1000e": true, "igb": true, "ne2k_pci": true, "pcnet": true, "rtl8139": true,
}

// addInterfaces adds a NIC for each tap that the node plugin made.
func addInterfaces(devices *libvirtxml.DomainDeviceList, in Input) error {
	plumbed := map[string]session.Interface{}
	for _, i := range in.Interfaces {
		plumbed[i.Name] = i
	}
	for i := range in.VMI.Spec.Domain.Devices.Interfaces {
		spec := &in.VMI.Spec.Domain.Devices.Interfaces[i]
		field := fmt.Sprintf("spec.domain.devices.interfaces[%d]", i)
		tap, ok := plumbed[spec.Name]
		if !ok || tap.Tap == "" {
			return fmt.Errorf("%s: the node plugin prepared no device for %q", field, spec.Name)
		}
		if !nicModels[spec.Model] {
			return fmt.Errorf("%s.model: %q is not supported; use virtio, e1000, e1000e, igb, ne2k_pci, pcnet or rtl8139", field, spec.Model)
		}
		nic := newInterface(spec, tap, in)
		if spec.PciAddress != "" {
			var err error
			if nic.Address, err = parsePCIAddress(spec.PciAddress); err != nil {
				return fmt.Errorf("%s.pciAddress: %w", field, err)
			}
		}
		devices.Interfaces = append(devices.Interfaces, nic)
	}
	return nil
}

func newInterface(spec *v1.Interface, tap session.Interface, in Input) libvirtxml.DomainInterface {
	nic := libvirtxml.DomainInterface{
		Source: &libvirtxml.DomainInterfaceSource{Ethernet: &libvirtxml.DomainInterfaceSourceEthernet{}},
		Target: &libvirtxml.DomainInterfaceTarget{Dev: tap.Tap, Managed: no},
		Model:  &libvirtxml.DomainInterfaceModel{Type: spec.Model},
		MAC:    &libvirtxml.DomainInterfaceMAC{Address: tap.MAC},
		Alias:  alias(spec.Name),
	}
	if spec.Model == "" || spec.Model == "virtio" {
		nic.Model.Type = virtio(in.VMI)
		nic.Driver = &libvirtxml.DomainInterfaceDriver{Name: "qemu"}
		if in.VhostNet && in.KVM {
			nic.Driver.Name = "vhost"
		}
		if tap.Queues > 1 {
			nic.Driver.Queues = uint(tap.Queues)
		}
		if tap.MTU > 0 {
			nic.MTU = &libvirtxml.DomainInterfaceMTU{Size: uint(tap.MTU)}
		}
	}
	if spec.ACPIIndex > 0 {
		nic.ACPI = &libvirtxml.DomainDeviceACPI{Index: uint(spec.ACPIIndex)}
	}
	if spec.State == v1.InterfaceStateLinkDown {
		nic.Link = &libvirtxml.DomainInterfaceLink{State: "down"}
	}
	if spec.BootOrder != nil {
		nic.Boot = &libvirtxml.DomainDeviceBoot{Order: uint(*spec.BootOrder)}
	} else {
		// Without the ROM the firmware does not start a network boot loader that nobody wants.
		nic.ROM = &libvirtxml.DomainROM{Enabled: no}
	}
	return nic
}
