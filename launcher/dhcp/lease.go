// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package dhcp answers the DHCP requests of one guest on its in-pod bridge. It needs no capability
// where the pod may bind port 67 (sysctl net.ipv4.ip_unprivileged_port_start).
package dhcp

import (
	"fmt"
	"net"
	"time"

	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// leaseTime is long because the address never changes while the guest lives.
	leaseTime = 365 * 24 * time.Hour
	// maxRequests per second are answered; a guest that sends more is only busy with itself.
	maxRequests = 50
	maxPacket   = 4096
)

// Lease is all that the guest of one NIC is told.
type Lease struct {
	// Bridge is the interface to serve on.
	Bridge string
	// MAC is the only client that gets an answer.
	MAC net.HardwareAddr
	// MTU in bytes; 0 for none.
	MTU uint16
	// Address, Mask and Gateway are IPv4; Address is nil where the guest gets none.
	Address net.IP
	Mask    net.IPMask
	Gateway net.IP
	// AddressV6 is nil where the guest gets none.
	AddressV6 net.IP
	// Hostname is the guest's.
	Hostname string
	// Resolver is the pod's.
	Resolver Resolver
	// Extra is what the guest's owner adds; IPv4 only.
	Extra Extra
}

// NewLease makes the lease of a plumbed NIC.
func NewLease(nic session.Interface, hostname string, resolver Resolver) (*Lease, error) {
	mac, err := net.ParseMAC(nic.MAC)
	if err != nil {
		return nil, fmt.Errorf("lease for %s: %w", nic.Name, err)
	}
	l := &Lease{Bridge: nic.Bridge, MAC: mac, Hostname: hostname, Resolver: resolver}
	if nic.MTU > 0 && nic.MTU <= 1<<16-1 {
		l.MTU = uint16(nic.MTU)
	}
	if nic.Address != "" {
		ip, network, err := net.ParseCIDR(nic.Address)
		if err != nil || ip.To4() == nil {
			return nil, fmt.Errorf("lease for %s: %q is not an IPv4 address in CIDR form", nic.Name, nic.Address)
		}
		l.Address, l.Mask = ip.To4(), network.Mask
	}
	if nic.Gateway != "" {
		if l.Gateway = net.ParseIP(nic.Gateway).To4(); l.Gateway == nil {
			return nil, fmt.Errorf("lease for %s: gateway %q is not an IPv4 address", nic.Name, nic.Gateway)
		}
	}
	if nic.AddressV6 != "" {
		ip, _, err := net.ParseCIDR(nic.AddressV6)
		if err != nil || ip.To4() != nil {
			return nil, fmt.Errorf("lease for %s: %q is not an IPv6 address in CIDR form", nic.Name, nic.AddressV6)
		}
		l.AddressV6 = ip
	}
	return l, nil
}
