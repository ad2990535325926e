// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"net"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/rfc1035label"
)

// replyV4 returns the answer to a request, or nil where none is due.
func (l *Lease) replyV4(request *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	if request.OpCode != dhcpv4.OpcodeBootRequest || !bytes.Equal(request.ClientHWAddr, l.MAC) {
		return nil
	}
	kind := dhcpv4.MessageTypeAck
	switch request.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		kind = dhcpv4.MessageTypeOffer
	case dhcpv4.MessageTypeRequest:
		if other := request.ServerIdentifier(); other != nil && !other.Equal(l.server()) {
			return nil // the guest took another server's offer
		}
		if wanted := wantedAddress(request); wanted != nil && !wanted.Equal(l.Address) {
			return l.refuse(request)
		}
	case dhcpv4.MessageTypeInform:
	default:
		return nil
	}
	reply, err := dhcpv4.NewReplyFromRequest(request, dhcpv4.WithMessageType(kind), dhcpv4.WithServerIP(l.server()))
	if err != nil {
		return nil
	}
	for _, option := range l.optionsV4() {
		reply.UpdateOption(option)
	}
	l.Extra.addTo(reply)
	if request.MessageType() != dhcpv4.MessageTypeInform {
		reply.YourIPAddr = l.Address
		reply.UpdateOption(dhcpv4.OptIPAddressLeaseTime(leaseTime))
	}
	return reply
}

// refuse makes a guest that remembers an address of elsewhere start over.
func (l *Lease) refuse(request *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	reply, err := dhcpv4.NewReplyFromRequest(request, dhcpv4.WithMessageType(dhcpv4.MessageTypeNak),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(l.server())))
	if err != nil {
		return nil
	}
	return reply
}

func wantedAddress(request *dhcpv4.DHCPv4) net.IP {
	if ip := request.RequestedIPAddress(); ip != nil {
		return ip
	}
	if request.ClientIPAddr != nil && !request.ClientIPAddr.IsUnspecified() {
		return request.ClientIPAddr
	}
	return nil
}

// server is the address that the server goes by: the gateway's, which is the bridge's own.
func (l *Lease) server() net.IP {
	if l.Gateway != nil {
		return l.Gateway
	}
	return net.IPv4(169, 254, 75, 1).To4()
}

func (l *Lease) optionsV4() []dhcpv4.Option {
	options := []dhcpv4.Option{
		dhcpv4.OptServerIdentifier(l.server()),
		dhcpv4.OptSubnetMask(l.Mask),
	}
	if l.Gateway != nil {
		options = append(options, dhcpv4.OptRouter(l.Gateway), dhcpv4.OptClasslessStaticRoute(l.routes()...))
	}
	if servers := l.Resolver.v4(); len(servers) > 0 {
		options = append(options, dhcpv4.OptDNS(servers...))
	}
	if len(l.Resolver.Search) > 0 {
		options = append(options, dhcpv4.OptDomainName(l.Resolver.domain()),
			dhcpv4.OptDomainSearch(&rfc1035label.Labels{Labels: l.Resolver.Search}))
	}
	if l.Hostname != "" {
		options = append(options, dhcpv4.OptHostName(l.Hostname))
	}
	if l.MTU > 0 {
		options = append(options, dhcpv4.OptGeneric(dhcpv4.OptionInterfaceMTU, []byte{byte(l.MTU >> 8), byte(l.MTU)}))
	}
	return options
}

// routes are the classless routes, which replace the router option in clients that know them. A
// gateway outside the guest's network, as some pod networks have it, needs a route of its own.
func (l *Lease) routes() []*dhcpv4.Route {
	var routes []*dhcpv4.Route
	own := net.IPNet{IP: l.Address.Mask(l.Mask), Mask: l.Mask}
	if !own.Contains(l.Gateway) {
		routes = append(routes, &dhcpv4.Route{
			Dest: &net.IPNet{IP: l.Gateway, Mask: net.CIDRMask(32, 32)}, Router: net.IPv4zero,
		})
	}
	return append(routes, &dhcpv4.Route{
		Dest: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}, Router: l.Gateway,
	})
}
