// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"
)

func alias(name string) *libvirtxml.DomainAlias { return &libvirtxml.DomainAlias{Name: "ua-" + name} }

// separateAliases renames devices of one name, such as a disk and a NIC that are both called
// "default": to their owner they are in different lists, libvirt knows all by their alias.
func separateAliases(devices *libvirtxml.DomainDeviceList) {
	var all []*libvirtxml.DomainAlias
	for i := range devices.Disks {
		all = append(all, devices.Disks[i].Alias)
	}
	for i := range devices.Interfaces {
		all = append(all, devices.Interfaces[i].Alias)
	}
	for i := range devices.Inputs {
		all = append(all, devices.Inputs[i].Alias)
	}
	for i := range devices.Watchdogs {
		all = append(all, devices.Watchdogs[i].Alias)
	}
	for i := range devices.Sounds {
		all = append(all, devices.Sounds[i].Alias)
	}
	names := map[string]int{}
	for _, a := range all {
		if a != nil {
			names[a.Name]++
		}
	}
	seen := map[string]bool{}
	for _, a := range all {
		if a == nil {
			continue
		}
		wanted := a.Name
		for n := 2; seen[a.Name] || a.Name != wanted && names[a.Name] > 0; n++ {
			a.Name = fmt.Sprintf("%s-%d", wanted, n)
		}
		seen[a.Name] = true
	}
}
