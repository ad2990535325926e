// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
)

// AttachNode connects the network namespace of a node, whose PID 1 is given, to the bridge. It runs in the control plane's namespace.
func AttachNode(index, pid int) error {
	name := fmt.Sprintf("node%d", index)
	bridge, err := netlink.LinkByName(bridgeLink)
	if err != nil {
		return fmt.Errorf("find bridge: %w", err)
	}
	// The link of a node that has died may not have vanished yet.
	if old, err := netlink.LinkByName(name); err == nil {
		if err := netlink.LinkDel(old); err != nil {
			return fmt.Errorf("remove old link %s: %w", name, err)
		}
	}
	veth := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: name, MasterIndex: bridge.Attrs().Index},
		PeerName:  nodeLink, PeerNamespace: netlink.NsPid(pid),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("add link %s: %w", name, err)
	}
	return setUp(name)
}

// SetUpNode prepares the network namespace of a node, in which it runs. It sets no default route: what is not for
// another machine of the cluster is refused at once.
func SetUpNode(index, nodes int) error {
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return fmt.Errorf("find link %s: %w", nodeLink, err)
	}
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: within(NodeAddress(index), NodeSubnet)}); err != nil {
		return fmt.Errorf("add address: %w", err)
	}
	if err := setUp("lo", nodeLink); err != nil {
		return err
	}
	control := net.ParseIP(ControlAddress)
	routes := []netlink.Route{
		{Dst: single(HostAddress), Gw: control},
		// kube-proxy rewrites Service addresses after a route was found for them, so there must be one. What it did
		// not rewrite is answered by the control plane: unreachable.
		{Dst: mustCIDR(ServiceSubnet), Gw: control},
	}
	for other := 1; other <= nodes; other++ {
		if other != index {
			routes = append(routes, netlink.Route{Dst: mustCIDR(PodCIDR(other)), Gw: net.ParseIP(NodeAddress(other))})
		}
	}
	for i := range routes {
		routes[i].LinkIndex = link.Attrs().Index
	}
	if err := addRoutes(routes); err != nil {
		return err
	}
	return setSysctl("net/ipv4/ip_forward", "1")
}
