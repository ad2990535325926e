// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// podInterface is the pod's interface, a name that the container runtime interface fixes.
	podInterface = "eth0"
	bridgeName   = "k6t-eth0"
	tapName      = "tap0"
	// defaultCIDR and defaultCIDRv6 are the guest's networks unless the VMI says otherwise.
	defaultCIDR   = "10.0.2.0/24"
	defaultCIDRv6 = "fd10:0:2::/120"
	maxPorts      = 1024
	// maxQueues is what the kernel gives a tap device at most.
	maxQueues = 256
)

// bridgeMAC is the address of every in-pod bridge, so that a guest's ARP cache holds after a move.
var bridgeMAC = net.HardwareAddr{2, 0, 0, 0, 0, 0}

// pair is the gateway's and the guest's address in the network between bridge and guest.
type pair struct {
	gateway, guest netip.Prefix
}

// port is one that the pod network reaches.
type port struct {
	protocol byte
	number   uint16
}

// plan is what a pod's namespace has to hold.
type plan struct {
	name string
	mac  net.HardwareAddr
	mtu  int
	// queues is how many queues the tap device gets.
	queues int
	v4     pair
	// v6 is invalid where the pod has no IPv6 address.
	v6 pair
	// ports are the reachable ones; all when empty.
	ports []port
}

// pod is what was found in a pod's namespace.
type pod struct {
	mtu int
	// addresses are the global addresses of the pod, in the kernel's order.
	addresses []netip.Addr
}

func (p pod) hasIPv6() bool {
	for _, a := range p.addresses {
		if a.Is6() {
			return true
		}
	}
	return false
}

// wantsNetwork tells whether the guest has a NIC at all.
func wantsNetwork(vmi *v1.VirtualMachineInstance) bool {
	return len(vmi.Spec.Domain.Devices.Interfaces) > 0
}

// newPlan decides what the guest of vmi gets in the network of p.
func newPlan(vmi *v1.VirtualMachineInstance, p pod) (*plan, error) {
	interfaces := vmi.Spec.Domain.Devices.Interfaces
	if len(interfaces) != 1 {
		return nil, fmt.Errorf("spec.domain.devices.interfaces: %d interfaces are not supported; use one on the pod network", len(interfaces))
	}
	iface := interfaces[0]
	if iface.Masquerade == nil {
		return nil, fmt.Errorf("spec.domain.devices.interfaces[0]: the binding of %q is not supported; use masquerade", iface.Name)
	}
	var network *v1.PodNetwork
	for _, n := range vmi.Spec.Networks {
		if n.Name == iface.Name {
			network = n.Pod
		}
	}
	if network == nil {
		return nil, fmt.Errorf("spec.networks: no pod network has the name %q of the interface", iface.Name)
	}
	mac, err := guestMAC(vmi, iface)
	if err != nil {
		return nil, err
	}
	result := &plan{name: iface.Name, mac: mac, mtu: p.mtu, queues: queues(vmi, iface)}
	if result.v4, err = newPair("vmNetworkCIDR", network.VMNetworkCIDR, defaultCIDR, netip.Addr.Is4); err != nil {
		return nil, err
	}
	if p.hasIPv6() {
		if result.v6, err = newPair("vmIPv6NetworkCIDR", network.VMIPv6NetworkCIDR, defaultCIDRv6, netip.Addr.Is6); err != nil {
			return nil, err
		}
	}
	for _, address := range p.addresses {
		if result.v4.gateway.Contains(address) || result.v6.gateway.Contains(address) {
			return nil, fmt.Errorf("the pod's address %s lies in the guest's network; set spec.networks[0].pod.vmNetworkCIDR or vmIPv6NetworkCIDR to another one", address)
		}
	}
	result.ports, err = newPorts(iface.Ports)
	return result, err
}

// newPair returns the first two addresses of the network that field holds.
func newPair(field, value, standard string, family func(netip.Addr) bool) (pair, error) {
	if value == "" {
		value = standard
	}
	prefix, err := netip.ParsePrefix(value)
	if err != nil || !family(prefix.Addr()) {
		return pair{}, fmt.Errorf("spec.networks[0].pod.%s: %q is not a network such as %s", field, value, standard)
	}
	prefix = prefix.Masked()
	gateway := prefix.Addr().Next()
	guest := gateway.Next()
	// The address after the guest's has to be in the network too: it may be the broadcast address.
	if !prefix.Contains(guest) || !prefix.Contains(guest.Next()) {
		return pair{}, fmt.Errorf("spec.networks[0].pod.%s: %q is too small for two addresses", field, value)
	}
	return pair{
		gateway: netip.PrefixFrom(gateway, prefix.Bits()), guest: netip.PrefixFrom(guest, prefix.Bits()),
	}, nil
}

func newPorts(list []v1.Port) ([]port, error) {
	if len(list) > maxPorts {
		return nil, fmt.Errorf("spec.domain.devices.interfaces[0].ports: %d ports are too many; list at most %d, or none to open all", len(list), maxPorts)
	}
	var ports []port
	for i, p := range list {
		if p.Port < 1 || p.Port > 65535 {
			return nil, fmt.Errorf("spec.domain.devices.interfaces[0].ports[%d].port: %d is not between 1 and 65535", i, p.Port)
		}
		protocol, known := map[string]byte{"": protocolTCP, "TCP": protocolTCP, "UDP": protocolUDP}[p.Protocol]
		if !known {
			return nil, fmt.Errorf("spec.domain.devices.interfaces[0].ports[%d].protocol: %q is not supported; use TCP or UDP", i, p.Protocol)
		}
		ports = append(ports, port{protocol: protocol, number: uint16(p.Port)})
	}
	return ports, nil
}

// queues returns one queue for each of the guest's CPUs if its owner asks for that; other NICs than
// virtio have one.
func queues(vmi *v1.VirtualMachineInstance, iface v1.Interface) int {
	wanted := vmi.Spec.Domain.Devices.NetworkInterfaceMultiQueue
	if wanted == nil || !*wanted || iface.Model != "" && iface.Model != "virtio" || vmi.Spec.Domain.CPU == nil {
		return 1
	}
	cpu := vmi.Spec.Domain.CPU
	cpus := uint64(max(cpu.Sockets, 1)) * uint64(max(cpu.Cores, 1)) * uint64(max(cpu.Threads, 1))
	return int(min(cpus, maxQueues))
}

// guestMAC returns the NIC's address: the one in the spec, or one that is always the same for an
// instance of that name, so that guests which know their NIC by address boot again.
func guestMAC(vmi *v1.VirtualMachineInstance, iface v1.Interface) (net.HardwareAddr, error) {
	if iface.MacAddress == "" {
		sum := sha256.Sum256([]byte(vmi.Namespace + "/" + vmi.Name + "/" + iface.Name))
		// 02 marks a locally administered address; the last bit keeps clear of the bridge's.
		return net.HardwareAddr{2, sum[0], sum[1], sum[2], sum[3], sum[4] | 1}, nil
	}
	mac, err := net.ParseMAC(iface.MacAddress)
	switch {
	case err != nil || len(mac) != 6:
		return nil, fmt.Errorf("spec.domain.devices.interfaces[0].macAddress: %q is not a MAC address", iface.MacAddress)
	case mac[0]&1 != 0:
		return nil, fmt.Errorf("spec.domain.devices.interfaces[0].macAddress: %q is a group address", iface.MacAddress)
	case mac.String() == bridgeMAC.String():
		return nil, fmt.Errorf("spec.domain.devices.interfaces[0].macAddress: %q is the gateway's", iface.MacAddress)
	}
	return mac, nil
}

// describe returns what the launcher needs to know.
func (p *plan) describe() session.Interface {
	result := session.Interface{
		Name: p.name, Tap: tapName, Bridge: bridgeName, MAC: p.mac.String(), MTU: p.mtu,
		Queues: p.queues, Address: p.v4.guest.String(), Gateway: p.v4.gateway.Addr().String(),
	}
	if p.v6.guest.IsValid() {
		result.AddressV6, result.GatewayV6 = p.v6.guest.String(), p.v6.gateway.Addr().String()
	}
	return result
}
