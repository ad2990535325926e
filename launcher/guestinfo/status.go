// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package guestinfo

import (
	"net"
	"net/netip"
	"slices"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Caps on what goes into the status of an instance.
const (
	// MaxOthers is how many NICs are passed on that only the guest knows of, such as bridges.
	MaxOthers = 10
	// maxInterfaces counts the machine's own NICs as well.
	maxInterfaces = MaxOthers + 32
	// maxAddresses is per NIC; a NIC has two or three.
	maxAddresses = 16
	// maxInterfaceName is what Windows allows, in bytes of UTF-8; Linux has 15.
	maxInterfaceName = 256
	// maxOS is for each word on the operating system, in bytes.
	maxOS = 256
	// maxMissing and maxCommand cap the commands that an agent lacks.
	maxMissing = 16
	maxCommand = 64
)

// Status is what the agent says that goes into the status of an instance. It is never changed once
// it is passed on.
type Status struct {
	// OS is the guest's operating system.
	OS v1.VirtualMachineInstanceGuestOSInfo `json:"os"`
	// Interfaces are the guest's NICs, those of the machine first.
	Interfaces []Interface `json:"interfaces,omitempty"`
	// Frozen tells that the guest's file systems are frozen.
	Frozen bool `json:"frozen,omitempty"`
	// Missing are the commands that the agent should have and does not offer.
	Missing []string `json:"missing,omitempty"`
}

// Interface is a NIC as the guest sees it.
type Interface struct {
	Name string `json:"name"`
	// MAC is in lower case.
	MAC string `json:"mac"`
	// IPs begin with those of IPv4.
	IPs []string `json:"ips,omitempty"`
}

// Bound returns s within the caps, without what does not look like what it should be.
func (s *Status) Bound() *Status {
	if s == nil {
		return nil
	}
	return &Status{OS: boundOS(s.OS), Interfaces: boundInterfaces(s.Interfaces), Frozen: s.Frozen, Missing: boundTexts(s.Missing, maxMissing, maxCommand)}
}

func boundOS(os v1.VirtualMachineInstanceGuestOSInfo) v1.VirtualMachineInstanceGuestOSInfo {
	for _, text := range []*string{&os.Name, &os.KernelRelease, &os.Version, &os.PrettyName, &os.VersionID, &os.KernelVersion, &os.Machine, &os.ID} {
		*text = Text(*text, maxOS)
	}
	return os
}

func boundTexts(list []string, count, length int) []string {
	var result []string
	for _, text := range first(list, count) {
		if text = Text(text, length); text != "" {
			result = append(result, text)
		}
	}
	return result
}

func boundInterfaces(list []Interface) []Interface {
	var result []Interface
	for _, nic := range first(list, maxInterfaces) {
		mac, err := net.ParseMAC(nic.MAC)
		if err != nil {
			continue
		}
		result = append(result, Interface{Name: Text(nic.Name, maxInterfaceName), MAC: mac.String(), IPs: boundAddresses(nic.IPs)})
	}
	return result
}

// boundAddresses leaves out what is no address, and the names of zones, which mean something in the guest alone.
func boundAddresses(list []string) []string {
	var result []string
	for _, text := range first(list, maxAddresses) {
		if address, err := netip.ParseAddr(text); err == nil {
			result = append(result, address.Unmap().WithZone("").String())
		}
	}
	slices.SortStableFunc(result, func(a, b string) int { return family(a) - family(b) })
	return result
}

// family is 4 or 6.
func family(address string) int {
	if netip.MustParseAddr(address).Is4() {
		return 4
	}
	return 6
}
