// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"net"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

// replyV6 returns the answer to a request, or nil where none is due. The guest gets its one
// address for ever; routes come by the guest's own configuration, as DHCPv6 has none.
func (l *Lease) replyV6(request *dhcpv6.Message) *dhcpv6.Message {
	if !l.fromGuestV6(request) {
		return nil
	}
	if other := request.Options.ServerID(); other != nil && !other.Equal(l.duid()) {
		return nil
	}
	var reply *dhcpv6.Message
	var err error
	switch request.MessageType {
	case dhcpv6.MessageTypeSolicit:
		if request.GetOneOption(dhcpv6.OptionRapidCommit) != nil {
			reply, err = dhcpv6.NewReplyFromMessage(request)
		} else {
			reply, err = dhcpv6.NewAdvertiseFromSolicit(request)
		}
	case dhcpv6.MessageTypeRequest, dhcpv6.MessageTypeConfirm, dhcpv6.MessageTypeRenew,
		dhcpv6.MessageTypeRebind, dhcpv6.MessageTypeInformationRequest, dhcpv6.MessageTypeRelease:
		reply, err = dhcpv6.NewReplyFromMessage(request)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	l.addOptionsV6(reply, request)
	return reply
}

// fromGuestV6 compares the hardware address where the client's identifier holds one; others are
// let through: only the guest is on the bridge.
func (l *Lease) fromGuestV6(request *dhcpv6.Message) bool {
	switch id := request.Options.ClientID().(type) {
	case *dhcpv6.DUIDLL:
		return bytes.Equal(id.LinkLayerAddr, l.MAC)
	case nil:
		return request.MessageType == dhcpv6.MessageTypeInformationRequest
	}
	return true
}

func (l *Lease) addOptionsV6(reply, request *dhcpv6.Message) {
	reply.UpdateOption(dhcpv6.OptServerID(l.duid()))
	if iana := request.Options.OneIANA(); iana != nil && request.MessageType != dhcpv6.MessageTypeRelease {
		reply.UpdateOption(&dhcpv6.OptIANA{
			IaId: iana.IaId, T1: leaseTime / 2, T2: leaseTime / 4 * 3,
			Options: dhcpv6.IdentityOptions{Options: dhcpv6.Options{&dhcpv6.OptIAAddress{
				IPv6Addr: l.AddressV6, PreferredLifetime: leaseTime, ValidLifetime: leaseTime,
			}}},
		})
	}
	if servers := l.Resolver.v6(); len(servers) > 0 {
		dhcpv6.WithDNS(servers...)(reply)
	}
	if len(l.Resolver.Search) > 0 {
		dhcpv6.WithDomainSearchList(l.Resolver.Search...)(reply)
	}
}

// duid identifies the server. It is derived from the guest's address: there is one server for each
// guest, and it must be the same after a restart.
func (l *Lease) duid() dhcpv6.DUID {
	mac := append(net.HardwareAddr{}, l.MAC...)
	mac[len(mac)-1] ^= 0xff
	return &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: mac}
}
