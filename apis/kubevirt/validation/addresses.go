// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"net"
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// bridgeMAC is the address of the in-pod bridge, which a guest on it cannot have too.
const bridgeMAC = "02:00:00:00:00:00"

var pciAddress = regexp.MustCompile(`^[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]$`)

// pci checks the address of a device on the guest's PCI bus.
func pci(address string, at *field.Path) field.ErrorList {
	if address == "" || pciAddress.MatchString(address) {
		return nil
	}
	return field.ErrorList{field.Invalid(at, address, "disk or interface has a malformed PCI address: must be domain:bus:slot.function such as 0000:81:01.0")}
}

func macAddress(mac string, at *field.Path) field.ErrorList {
	if mac == "" {
		return nil
	}
	hw, err := net.ParseMAC(mac)
	switch {
	case err != nil || len(hw) != 6:
		return field.ErrorList{field.Invalid(at, mac, "must be an address of six bytes such as 02:00:00:ab:cd:ef")}
	case hw[0]&1 == 1:
		return field.ErrorList{field.Invalid(at, mac, "is a multicast address")}
	case hw.String() == bridgeMAC:
		return field.ErrorList{field.Invalid(at, mac, "is reserved for the in-pod bridge")}
	}
	return nil
}
