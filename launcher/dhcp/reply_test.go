// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"

	"github.com/virtplane/virtplane/launcher/session"
)

const resolvConf = `# comment
search old.example
search default.svc.cluster.local svc.cluster.local cluster.local
nameserver 127.0.0.53
nameserver 10.96.0.10
nameserver fd00::a
options ndots:5
`

func nic() session.Interface {
	return session.Interface{
		Name: "default", Bridge: "br0", MAC: "02:00:00:ab:cd:ef", MTU: 1450,
		Address: "10.0.2.2/24", Gateway: "10.0.2.1", AddressV6: "fd10:0:2::2/120", GatewayV6: "fd10:0:2::1",
	}
}

func lease(t *testing.T, nic session.Interface) *Lease {
	t.Helper()
	l, err := NewLease(nic, "demo", ParseResolver(strings.NewReader(resolvConf)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func discover(t *testing.T, mac string, modifiers ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	hardware, err := net.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dhcpv4.NewDiscovery(hardware, modifiers...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// reread gives a message as its receiver sees it.
func reread(t *testing.T, m *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	t.Helper()
	if m == nil {
		t.Fatal("no answer")
	}
	out, err := dhcpv4.FromBytes(m.ToBytes())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOfferTellsAllThatTheGuestNeeds(t *testing.T) {
	offer := reread(t, lease(t, nic()).replyV4(discover(t, nic().MAC)))
	search := offer.DomainSearch()
	mtu := offer.Options.Get(dhcpv4.OptionInterfaceMTU)
	for what, ok := range map[string]bool{
		"type":    offer.MessageType() == dhcpv4.MessageTypeOffer,
		"address": offer.YourIPAddr.Equal(net.IPv4(10, 0, 2, 2)),
		"mask":    offer.SubnetMask().String() == "ffffff00",
		"router":  len(offer.Router()) == 1 && offer.Router()[0].Equal(net.IPv4(10, 0, 2, 1)),
		"server":  offer.ServerIdentifier().Equal(net.IPv4(10, 0, 2, 1)),
		"dns":     len(offer.DNS()) == 1 && offer.DNS()[0].Equal(net.IPv4(10, 96, 0, 10)),
		"search":  search != nil && slices.Equal(search.Labels, []string{"default.svc.cluster.local", "svc.cluster.local", "cluster.local"}),
		"domain":  offer.DomainName() == "default.svc.cluster.local",
		"host":    offer.HostName() == "demo",
		"mtu":     slices.Equal(mtu, []byte{1450 >> 8, 1450 & 0xff}),
		"lease":   offer.IPAddressLeaseTime(0) == 365*24*time.Hour,
		"routes":  len(offer.ClasslessStaticRoute()) == 1 && offer.ClasslessStaticRoute()[0].Router.Equal(net.IPv4(10, 0, 2, 1)),
	} {
		if !ok {
			t.Errorf("%s is wrong in %s", what, offer.Summary())
		}
	}
}

func TestGatewayOutsideTheNetworkGetsARoute(t *testing.T) {
	n := nic()
	n.Address, n.Gateway = "10.244.1.7/32", "169.254.1.1"
	routes := reread(t, lease(t, n).replyV4(discover(t, n.MAC))).ClasslessStaticRoute()
	if len(routes) != 2 || routes[0].Dest.String() != "169.254.1.1/32" || !routes[0].Router.IsUnspecified() ||
		routes[1].Dest.String() != "0.0.0.0/0" || !routes[1].Router.Equal(net.IPv4(169, 254, 1, 1)) {
		t.Fatalf("routes %v", routes)
	}
}

func TestOnlyTheGuestIsAnswered(t *testing.T) {
	l := lease(t, nic())
	if l.replyV4(discover(t, "02:00:00:00:00:99")) != nil {
		t.Error("a stranger got an answer")
	}
	reply := discover(t, nic().MAC)
	reply.OpCode = dhcpv4.OpcodeBootReply
	if l.replyV4(reply) != nil {
		t.Error("an answer was answered")
	}
	release := discover(t, nic().MAC, dhcpv4.WithMessageType(dhcpv4.MessageTypeRelease))
	if l.replyV4(release) != nil {
		t.Error("a release was answered")
	}
}

func TestRequests(t *testing.T) {
	request := dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest)
	wanted := func(ip net.IP) dhcpv4.Modifier { return dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(ip)) }
	for name, tc := range map[string]struct {
		modifiers []dhcpv4.Modifier
		want      dhcpv4.MessageType
	}{
		"for the offer":              {[]dhcpv4.Modifier{wanted(net.IPv4(10, 0, 2, 2))}, dhcpv4.MessageTypeAck},
		"for an address from before": {[]dhcpv4.Modifier{wanted(net.IPv4(192, 168, 1, 5))}, dhcpv4.MessageTypeNak},
		"to renew":                   {[]dhcpv4.Modifier{dhcpv4.WithClientIP(net.IPv4(10, 0, 2, 2))}, dhcpv4.MessageTypeAck},
		"to renew another address":   {[]dhcpv4.Modifier{dhcpv4.WithClientIP(net.IPv4(10, 0, 2, 9))}, dhcpv4.MessageTypeNak},
		"to another server":          {[]dhcpv4.Modifier{dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 0, 2, 99)))}, dhcpv4.MessageTypeNone},
	} {
		got := lease(t, nic()).replyV4(discover(t, nic().MAC, append(tc.modifiers, request)...))
		if tc.want == dhcpv4.MessageTypeNone {
			if got != nil {
				t.Errorf("request %s was answered", name)
			}
			continue
		}
		if got := reread(t, got); got.MessageType() != tc.want {
			t.Errorf("request %s: %s, want %s", name, got.MessageType(), tc.want)
		}
	}
}

func TestInformGetsNoAddress(t *testing.T) {
	got := reread(t, lease(t, nic()).replyV4(discover(t, nic().MAC, dhcpv4.WithMessageType(dhcpv4.MessageTypeInform))))
	if got.MessageType() != dhcpv4.MessageTypeAck || !got.YourIPAddr.IsUnspecified() || len(got.DNS()) != 1 {
		t.Fatal(got.Summary())
	}
}

func TestDHCPv6GivesTheOneAddress(t *testing.T) {
	l := lease(t, nic())
	mac, _ := net.ParseMAC(nic().MAC)
	solicit, err := dhcpv6.NewSolicit(mac)
	if err != nil {
		t.Fatal(err)
	}
	advertise := l.replyV6(solicit)
	if advertise == nil || advertise.MessageType != dhcpv6.MessageTypeAdvertise {
		t.Fatalf("got %v", advertise)
	}
	request, err := dhcpv6.NewRequestFromAdvertise(advertise)
	if err != nil {
		t.Fatal(err)
	}
	reply := l.replyV6(request)
	if reply == nil || reply.MessageType != dhcpv6.MessageTypeReply {
		t.Fatalf("got %v", reply)
	}
	address := reply.Options.OneIANA().Options.OneAddress()
	if !address.IPv6Addr.Equal(net.ParseIP("fd10:0:2::2")) || reply.Options.OneIANA().IaId != request.Options.OneIANA().IaId {
		t.Errorf("got %s", reply.Summary())
	}
	if dns := reply.Options.DNS(); len(dns) != 1 || !dns[0].Equal(net.ParseIP("fd00::a")) {
		t.Errorf("DNS %v", dns)
	}
	stranger, _ := net.ParseMAC("02:00:00:00:00:99")
	solicit, err = dhcpv6.NewSolicit(stranger, dhcpv6.WithClientID(&dhcpv6.DUIDLL{HWType: 1, LinkLayerAddr: stranger}))
	if err != nil {
		t.Fatal(err)
	}
	if l.replyV6(solicit) != nil {
		t.Error("a stranger got an answer")
	}
}

func TestBadInterfacesAreRefused(t *testing.T) {
	for name, change := range map[string]func(*session.Interface){
		"MAC":     func(n *session.Interface) { n.MAC = "x" },
		"address": func(n *session.Interface) { n.Address = "10.0.2.2" },
		"gateway": func(n *session.Interface) { n.Gateway = "fd10::1" },
		"IPv6":    func(n *session.Interface) { n.AddressV6 = "10.0.2.2/24" },
	} {
		n := nic()
		change(&n)
		if _, err := NewLease(n, "", Resolver{}); err == nil {
			t.Errorf("a bad %s was accepted", name)
		}
	}
}
