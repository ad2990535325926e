// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"github.com/vishvananda/netlink"
)

// Rules let the host open connections to nodes and pods; nobody in the cluster can open one to the host. The bridge is
// named because hosts with br_netfilter show its frames to this chain as well.
const Rules = `
table inet virtplane {
	chain forward {
		type filter hook forward priority filter; policy drop
		ct state established,related accept
		iifname "` + controlLink + `" accept
		iifname "` + bridgeLink + `" oifname "` + bridgeLink + `" accept
		reject
	}
}
`

// SetUpControl prepares the network namespace of the control plane, in which it runs, for the given number of nodes.
func SetUpControl(nodes int) error {
	if err := setUp("lo"); err != nil {
		return err
	}
	host, err := netlink.LinkByName(controlLink)
	if err != nil {
		return fmt.Errorf("find link to the host: %w", err)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeLink}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("add bridge: %w", err)
	}
	if err := netlink.AddrAdd(bridge, &netlink.Addr{IPNet: within(ControlAddress, NodeSubnet)}); err != nil {
		return fmt.Errorf("add address %s: %w", ControlAddress, err)
	}
	if err := setUp(bridgeLink, controlLink); err != nil {
		return err
	}
	routes := []netlink.Route{{LinkIndex: host.Attrs().Index, Dst: single(HostAddress), Scope: netlink.SCOPE_LINK, Src: net.ParseIP(ControlAddress)}}
	for index := 1; index <= nodes; index++ {
		routes = append(routes, netlink.Route{LinkIndex: bridge.Attrs().Index, Dst: mustCIDR(PodCIDR(index)), Gw: net.ParseIP(NodeAddress(index))})
	}
	if err := addRoutes(routes); err != nil {
		return err
	}
	if err := setSysctl("net/ipv4/ip_forward", "1"); err != nil {
		return err
	}
	// Only present where br_netfilter is loaded.
	if err := setSysctl("net/bridge/bridge-nf-call-iptables", "0"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func setUp(names ...string) error {
	for _, name := range names {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return fmt.Errorf("find link %s: %w", name, err)
		}
		if err := netlink.LinkSetUp(link); err != nil {
			return fmt.Errorf("set link %s up: %w", name, err)
		}
	}
	return nil
}

func addRoutes(routes []netlink.Route) error {
	for _, route := range routes {
		if err := netlink.RouteAdd(&route); err != nil {
			return fmt.Errorf("add route to %s: %w", route.Dst, err)
		}
	}
	return nil
}

func setSysctl(name, value string) error {
	return os.WriteFile("/proc/sys/"+name, []byte(value), 0)
}
