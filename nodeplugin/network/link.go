// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ensureBridge makes the bridge between the pod's network and the guest.
func ensureBridge(handle *netlink.Handle, wanted *plan) (netlink.Link, error) {
	link, err := findLink(handle, bridgeName, "bridge")
	if err != nil {
		return nil, err
	}
	if link == nil {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.HardwareAddr, attrs.MTU = bridgeName, bridgeMAC, wanted.mtu
		if err := handle.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
			return nil, fmt.Errorf("make bridge %s: %w", bridgeName, err)
		}
		if link, err = handle.LinkByName(bridgeName); err != nil {
			return nil, fmt.Errorf("get bridge %s: %w", bridgeName, err)
		}
	}
	if !bytes.Equal(link.Attrs().HardwareAddr, bridgeMAC) {
		if err := handle.LinkSetHardwareAddr(link, bridgeMAC); err != nil {
			return nil, fmt.Errorf("set address of %s: %w", bridgeName, err)
		}
	}
	return link, ensureMTU(handle, link, wanted.mtu)
}

// ensureAddresses gives the bridge the gateway's addresses.
func ensureAddresses(handle *netlink.Handle, bridge netlink.Link, wanted *plan) error {
	for _, prefix := range []netip.Prefix{wanted.v4.gateway, wanted.v6.gateway} {
		if !prefix.IsValid() {
			continue
		}
		address := &netlink.Addr{IPNet: &net.IPNet{
			IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen()),
		}}
		if prefix.Addr().Is6() {
			// Nobody else is on the link, so there is no duplicate to wait for.
			address.Flags = unix.IFA_F_NODAD
		}
		if err := handle.AddrAdd(bridge, address); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("give %s the address %s: %w", bridgeName, prefix, err)
		}
	}
	return nil
}

// findLink returns the link name, or nil. A link of another kind is not ours to touch.
func findLink(handle *netlink.Handle, name, kind string) (netlink.Link, error) {
	link, err := handle.LinkByName(name)
	var notFound netlink.LinkNotFoundError
	switch {
	case errors.As(err, &notFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("get %s: %w", name, err)
	case link.Type() != kind:
		return nil, fmt.Errorf("get %s: it is a %s, not a %s", name, link.Type(), kind)
	}
	return link, nil
}

func ensureMTU(handle *netlink.Handle, link netlink.Link, mtu int) error {
	if link.Attrs().MTU == mtu {
		return nil
	}
	if err := handle.LinkSetMTU(link, mtu); err != nil {
		return fmt.Errorf("set MTU of %s: %w", link.Attrs().Name, err)
	}
	return nil
}

func ensureUp(handle *netlink.Handle, link netlink.Link) error {
	if link.Attrs().Flags&net.FlagUp != 0 {
		return nil
	}
	if err := handle.LinkSetUp(link); err != nil {
		return fmt.Errorf("set %s up: %w", link.Attrs().Name, err)
	}
	return nil
}
