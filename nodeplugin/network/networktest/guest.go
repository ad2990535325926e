// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package networktest

import (
	"os"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// PlugGuest makes a namespace that stands in for the guest of the pod: its eth0 is at bridge, where QEMU's
// tap device would be, and has the address, in CIDR form. It ends with the test.
func (p *Pod) PlugGuest(t testing.TB, bridge, address string) *Pod {
	t.Helper()
	guest := &Pod{}
	err := onThread(func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		guest.File, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guest.File.Close() })
	p.Do(t, func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = "guest"
		port := &netlink.Veth{LinkAttrs: attrs, PeerName: "eth0", PeerNamespace: netlink.NsFd(int(guest.File.Fd()))}
		if err := netlink.LinkAdd(port); err != nil {
			return err
		}
		master, err := netlink.LinkByName(bridge)
		if err != nil {
			return err
		}
		if err := netlink.LinkSetMaster(port, master); err != nil {
			return err
		}
		return netlink.LinkSetUp(port)
	})
	guest.Do(t, func() error {
		eth0, err := netlink.LinkByName("eth0")
		if err != nil {
			return err
		}
		parsed, err := netlink.ParseAddr(address)
		if err != nil {
			return err
		}
		if err := netlink.AddrAdd(eth0, parsed); err != nil {
			return err
		}
		return netlink.LinkSetUp(eth0)
	})
	return guest
}
