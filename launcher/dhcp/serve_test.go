// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/dhcpv6/client6"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// noAddress is IN6_ADDR_GEN_MODE_NONE of linux/if_link.h.
const noAddress = 1

// network makes a network namespace with a bridge and, plugged into it, a guest's NIC.
func network(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to make a network namespace")
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	// Without duplicate address detection an IPv6 address can be used at once.
	for _, conf := range []string{"all", "default"} {
		must(t, os.WriteFile("/proc/sys/net/ipv6/conf/"+conf+"/accept_dad", []byte("0"), 0o644))
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}
	must(t, netlink.LinkAdd(bridge))
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "port0", MasterIndex: bridge.Index}, PeerName: "guest0"}
	must(t, netlink.LinkAdd(veth))
	guest, err := netlink.LinkByName("guest0")
	must(t, err)
	// The kernel makes its own link-local address some time after the link is up.
	must(t, netlink.LinkSetIP6AddrGenMode(guest, noAddress))
	mac, err := net.ParseMAC(nic().MAC)
	must(t, err)
	must(t, netlink.LinkSetHardwareAddr(guest, mac))
	for cidr, link := range map[string]netlink.Link{"10.0.2.1/24": bridge, "fd10:0:2::1/120": bridge, "fe80::42/64": guest} {
		address, err := netlink.ParseAddr(cidr)
		must(t, err)
		must(t, netlink.AddrAdd(link, address))
	}
	for _, name := range []string{"lo", "br0", "port0", "guest0"} {
		link, err := netlink.LinkByName(name)
		must(t, err)
		must(t, netlink.LinkSetUp(link))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serving runs a server in the test's network namespace until the test ends.
func serving(t *testing.T) {
	t.Helper()
	server, err := Listen(lease(t, nic()))
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func TestGuestGetsItsLeaseOverTheBridge(t *testing.T) {
	network(t)
	serving(t)
	client, err := nclient4.New("guest0", nclient4.WithTimeout(time.Second), nclient4.WithRetry(10))
	must(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	got, err := client.Request(ctx)
	must(t, err)
	if !got.ACK.YourIPAddr.Equal(net.IPv4(10, 0, 2, 2)) {
		t.Fatal(got.ACK.Summary())
	}
	// A guest that comes back with an address of elsewhere is told so.
	request := discover(t, nic().MAC, dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(192, 168, 0, 9))))
	reply, err := client.SendAndRead(ctx, nclient4.DefaultServers, request, nil)
	must(t, err)
	if reply.MessageType() != dhcpv4.MessageTypeNak {
		t.Fatal(reply.Summary())
	}
}

func TestGuestGetsItsIPv6Address(t *testing.T) {
	network(t)
	serving(t)
	client := client6.NewClient()
	client.ReadTimeout, client.WriteTimeout = time.Second, time.Second
	// The kernel lets an address be used, and a link send, some time after it was told to.
	var err error
	for begun := time.Now(); time.Since(begun) < 10*time.Second; <-time.After(10 * time.Millisecond) {
		var messages []dhcpv6.DHCPv6
		if messages, err = client.Exchange("guest0"); err == nil {
			if len(messages) != 4 {
				t.Fatalf("%d messages", len(messages))
			}
			return
		}
	}
	t.Fatal(err)
}

func TestMissingBridgeIsAnError(t *testing.T) {
	network(t)
	l := lease(t, nic())
	l.Bridge = "nothing"
	if _, err := Listen(l); err == nil {
		t.Fatal("listens on a bridge that is not there")
	}
}
