// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package network connects the machines of the local cluster: the nodes by a bridge inside the control plane's network
// namespace, the host by one link to that namespace. There is no route to anywhere else, and all of it vanishes with
// the namespaces.
package network

import (
	"fmt"
	"net"
)

// The addresses of the cluster. 198.51.100.0/24 is set aside for documentation (RFC 5737), so no real network uses it.
const (
	// HostLink is the only thing that the cluster adds to the host's network.
	HostLink = "virtplane0"
	// HostAddress is the host's end of HostLink.
	HostAddress = "198.51.100.1"
	// ControlAddress is where the nodes and the host find kube-apiserver.
	ControlAddress = "198.51.100.2"
	// NodeSubnet holds the host, the control plane and the nodes.
	NodeSubnet = "198.51.100.0/24"
	// PodSubnet is divided into one /24 per node.
	PodSubnet = "10.244.0.0/16"
	// ServiceSubnet exists only in the nodes' packet filters.
	ServiceSubnet = "10.96.0.0/16"
	// APIServiceAddress is the first address of ServiceSubnet, that of the Service `kubernetes`.
	APIServiceAddress = "10.96.0.1"
	// DNSAddress is where a cluster DNS would listen.
	DNSAddress = "10.96.0.10"

	// MaxNodes keeps every address below within its subnet.
	MaxNodes = 9
)

const (
	// bridgeLink joins the nodes, inside the control plane's namespace.
	bridgeLink = "nodes0"
	// controlLink is the control plane's end of HostLink.
	controlLink = "host0"
	// nodeLink is the name of the only network card inside a node.
	nodeLink = "eth0"
)

// NodeAddress is the address of a node, counted from 1.
func NodeAddress(index int) string { return fmt.Sprintf("198.51.100.%d", 10+index) }

// PodCIDR is the range of the pods on a node.
func PodCIDR(index int) string { return fmt.Sprintf("10.244.%d.0/24", index) }

func mustCIDR(text string) *net.IPNet {
	_, subnet, err := net.ParseCIDR(text)
	if err != nil {
		panic(err)
	}
	return subnet
}

// single is a network of one address.
func single(address string) *net.IPNet { return mustCIDR(address + "/32") }

// within is an address together with the prefix length of its subnet.
func within(address, subnet string) *net.IPNet {
	return &net.IPNet{IP: net.ParseIP(address).To4(), Mask: mustCIDR(subnet).Mask}
}
