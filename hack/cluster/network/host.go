// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// AttachHost makes the link between the host and the network namespace of the control plane, whose PID 1 is given.
func AttachHost(pid int) error {
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: HostLink}, PeerName: controlLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("add link %s: %w", HostLink, err)
	}
	link, err := netlink.LinkByName(HostLink)
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: single(HostAddress)}); err != nil {
		return fmt.Errorf("add address %s: %w", HostAddress, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("set link %s up: %w", HostLink, err)
	}
	gateway := net.ParseIP(ControlAddress)
	for _, route := range []netlink.Route{
		{Dst: single(ControlAddress), Scope: netlink.SCOPE_LINK},
		{Dst: mustCIDR(NodeSubnet), Gw: gateway},
		{Dst: mustCIDR(PodSubnet), Gw: gateway},
	} {
		route.LinkIndex = link.Attrs().Index
		route.Src = net.ParseIP(HostAddress)
		if err := netlink.RouteAdd(&route); err != nil {
			return fmt.Errorf("add route to %s: %w", route.Dst, err)
		}
	}
	return nil
}

// DetachHost removes the link if it is there still.
func DetachHost() error {
	link, err := netlink.LinkByName(HostLink)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove link %s: %w", HostLink, err)
	}
	return nil
}

// Conflict says what on the host uses the cluster's addresses already, or "" if nothing does.
func Conflict() (string, error) {
	routes, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return "", fmt.Errorf("list routes: %w", err)
	}
	for _, route := range routes {
		if route.Dst == nil || route.Dst.IP.IsUnspecified() {
			continue
		}
		for _, subnet := range []string{NodeSubnet, PodSubnet} {
			ours := mustCIDR(subnet)
			if !ours.Contains(route.Dst.IP) && !route.Dst.Contains(ours.IP) {
				continue
			}
			name := fmt.Sprintf("link %d", route.LinkIndex)
			if link, err := netlink.LinkByIndex(route.LinkIndex); err == nil {
				if name = link.Attrs().Name; name == HostLink {
					continue
				}
			}
			return fmt.Sprintf("the cluster needs %s, but the host has a route to %s by %s", subnet, route.Dst, name), nil
		}
	}
	return "", nil
}
