// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// addInterfaces adds a NIC for each tap that the node plugin made.
func addInterfaces(devices *libvirtxml.DomainDeviceList, in Input) error {
	plumbed := map[string]session.Interface{}
	for _, i := range in.Interfaces {
		plumbed[i.Name] = i
	}
	for i := range in.VMI.Spec.Domain.Devices.Interfaces {
		spec := &in.VMI.Spec.Domain.Devices.Interfaces[i]
		tap, ok := plumbed[spec.Name]
		if !ok || tap.Tap == "" {
			return fmt.Errorf("spec.domain.devices.interfaces[%d]: the node plugin prepared no device for %q", i, spec.Name)
		}
		devices.Interfaces = append(devices.Interfaces, newInterface(spec, tap, in.VhostNet && in.KVM))
	}
	return nil
}

func newInterface(spec *v1.Interface, tap session.Interface, vhost bool) libvirtxml.DomainInterface {
	nic := libvirtxml.DomainInterface{
		Source: &libvirtxml.DomainInterfaceSource{Ethernet: &libvirtxml.DomainInterfaceSourceEthernet{}},
		Target: &libvirtxml.DomainInterfaceTarget{Dev: tap.Tap, Managed: no},
		Model:  &libvirtxml.DomainInterfaceModel{Type: spec.Model},
		MAC:    &libvirtxml.DomainInterfaceMAC{Address: tap.MAC},
		Alias:  alias(spec.Name),
	}
	if spec.Model == "" || spec.Model == "virtio" {
		nic.Model.Type = virtioModel
		nic.Driver = &libvirtxml.DomainInterfaceDriver{Name: "qemu"}
		if vhost {
			nic.Driver.Name = "vhost"
		}
		if tap.MTU > 0 {
			nic.MTU = &libvirtxml.DomainInterfaceMTU{Size: uint(tap.MTU)}
		}
	}
	if spec.BootOrder != nil {
		nic.Boot = &libvirtxml.DomainDeviceBoot{Order: uint(*spec.BootOrder)}
	} else {
		// Without the ROM the firmware does not start a network boot loader that nobody wants.
		nic.ROM = &libvirtxml.DomainROM{Enabled: no}
	}
	return nic
}
