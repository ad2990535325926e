// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"testing"

	"libvirt.org/go/libvirtxml"
)

func TestDevicesOfOneNameHaveAliasesOfTheirOwn(t *testing.T) {
	devices := &libvirtxml.DomainDeviceList{
		Disks:      []libvirtxml.DomainDisk{{Alias: alias("a")}, {Alias: alias("a-2")}, {Alias: alias("b")}},
		Interfaces: []libvirtxml.DomainInterface{{Alias: alias("a")}, {Alias: alias("c")}},
		Inputs:     []libvirtxml.DomainInput{{Alias: alias("a")}, {}},
	}
	separateAliases(devices)
	var got []string
	for i := range devices.Disks {
		got = append(got, devices.Disks[i].Alias.Name)
	}
	for i := range devices.Interfaces {
		got = append(got, devices.Interfaces[i].Alias.Name)
	}
	got = append(got, devices.Inputs[0].Alias.Name)
	for i, want := range []string{"ua-a", "ua-a-2", "ua-b", "ua-a-3", "ua-c", "ua-a-4"} {
		if got[i] != want {
			t.Errorf("got %v, want %s in place %d", got, want, i)
		}
	}
}
