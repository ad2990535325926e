// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/identity"
)

// sysInfo is what the guest sees in its SMBIOS tables; systemd and cloud-init know the
// manufacturer's name.
func sysInfo(vmi *v1.VirtualMachineInstance, uuid string) libvirtxml.DomainSysInfo {
	tables := &libvirtxml.DomainSysInfoSMBIOS{System: &libvirtxml.DomainSysInfoSystem{Entry: entries(
		"manufacturer", "KubeVirt", "product", "None", "family", "KubeVirt", "uuid", uuid, "serial", identity.Serial(vmi))}}
	if c := vmi.Spec.Domain.Chassis; c != nil {
		tables.Chassis = &libvirtxml.DomainSysInfoChassis{Entry: entries("manufacturer", c.Manufacturer,
			"version", c.Version, "serial", c.Serial, "asset", c.Asset, "sku", c.Sku)}
	}
	return libvirtxml.DomainSysInfo{SMBIOS: tables}
}

// entries pairs names with values and leaves out those without one.
func entries(pairs ...string) []libvirtxml.DomainSysInfoEntry {
	var list []libvirtxml.DomainSysInfoEntry
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, libvirtxml.DomainSysInfoEntry{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return list
}
