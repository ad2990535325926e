// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestNetworks(t *testing.T) {
	pod := func(p v1.PodNetwork) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { s.Networks[0].Pod = &p }
	}
	nic := func(change func(*v1.Interface)) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { change(&s.Domain.Devices.Interfaces[0]) }
	}
	const mac = `$.domain.devices.interfaces[0].macAddress: Invalid value: `
	for _, c := range []specCase{
		{"network without interface", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.Interfaces = nil }, []string{
			`$.networks[0].name: Invalid value: "default": $.domain.devices.interfaces has no interface of this name`,
		}},
		{"interface without network", func(s *v1.VirtualMachineInstanceSpec) { s.Networks = nil }, []string{
			`$.domain.devices.interfaces[0].name: Invalid value: "default": $.networks has no network of this name`,
		}},
		{"two pod networks", func(s *v1.VirtualMachineInstanceSpec) {
			s.Networks = append(s.Networks, v1.Network{Name: "two", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}})
			s.Domain.Devices.Interfaces = append(s.Domain.Devices.Interfaces, s.Domain.Devices.Interfaces[0])
			s.Domain.Devices.Interfaces[1].Name = "two"
		}, []string{`$.networks[1].pod: Invalid value: "two": only one network can be the pod network`}},
		{"same name twice", func(s *v1.VirtualMachineInstanceSpec) {
			s.Networks = append(s.Networks, s.Networks[0])
			s.Domain.Devices.Interfaces = append(s.Domain.Devices.Interfaces, s.Domain.Devices.Interfaces[0])
		}, []string{
			`$.networks[1].name: Duplicate value: "default"`,
			`$.networks[1].pod: Invalid value: "default": only one network can be the pod network`,
			`$.domain.devices.interfaces[1].name: Duplicate value: "default"`,
		}},
		{"two types", func(s *v1.VirtualMachineInstanceSpec) { s.Networks[0].Multus = &v1.MultusNetwork{} }, []string{
			`$.networks[0].multus: Forbidden: secondary networks are not supported by this version of virtplane; use pod`,
			`$.networks[0]: Invalid value: "[pod multus]": must have exactly one network type`,
		}},
		{"guest networks", pod(v1.PodNetwork{VMNetworkCIDR: "10.1.0.0/30", VMIPv6NetworkCIDR: "fd00::/126"}), nil},
		{"guest networks of the wrong kind", pod(v1.PodNetwork{VMNetworkCIDR: "fd00::/64", VMIPv6NetworkCIDR: "10.0.2.0"}), []string{
			`$.networks[0].pod.vmNetworkCIDR: Invalid value: "fd00::/64": must be a network in CIDR form of the right address family`,
			`$.networks[0].pod.vmIPv6NetworkCIDR: Invalid value: "10.0.2.0": must be a network in CIDR form of the right address family`,
		}},
		{"guest networks that are too small", pod(v1.PodNetwork{VMNetworkCIDR: "10.1.0.0/31", VMIPv6NetworkCIDR: "fd00::/127"}), []string{
			`$.networks[0].pod.vmNetworkCIDR: Invalid value: "10.1.0.0/31": must have room for a gateway and a guest: at most /30 or /126`,
			`$.networks[0].pod.vmIPv6NetworkCIDR: Invalid value: "fd00::/127": must have room for a gateway and a guest: at most /30 or /126`,
		}},
		{"no binding", nic(func(i *v1.Interface) { i.Masquerade = nil }), []string{
			`$.domain.devices.interfaces[0]: Required value: must have exactly one binding method`,
		}},
		{"bridge", nic(func(i *v1.Interface) { i.Masquerade, i.Bridge = nil, &v1.InterfaceBridge{} }), []string{
			`$.domain.devices.interfaces[0].bridge: Forbidden: bridge interfaces are not supported by this version of virtplane; use masquerade`,
		}},
		{"two bindings", nic(func(i *v1.Interface) { i.SRIOV = &v1.InterfaceSRIOV{} }), []string{
			`$.domain.devices.interfaces[0].sriov: Forbidden: SR-IOV interfaces are not supported by this version of virtplane; use masquerade`,
			`$.domain.devices.interfaces[0]: Invalid value: "[masquerade sriov]": must have exactly one binding method`,
		}},
		{"model", nic(func(i *v1.Interface) { i.Model = "ne1000" }), []string{
			`$.domain.devices.interfaces[0].model: Unsupported value: "ne1000": supported values: "virtio", "e1000", "e1000e", "ne2k_pci", "pcnet", "rtl8139", "igb"`,
		}},
		{"mac", nic(func(i *v1.Interface) { i.MacAddress = "nothing" }), []string{mac + `"nothing": must be an address of six bytes such as 02:00:00:ab:cd:ef`}},
		{"long mac", nic(func(i *v1.Interface) { i.MacAddress = "02:00:00:00:00:00:00:01" }), []string{mac + `"02:00:00:00:00:00:00:01": must be an address of six bytes such as 02:00:00:ab:cd:ef`}},
		{"multicast mac", nic(func(i *v1.Interface) { i.MacAddress = "01:00:00:ab:cd:ef" }), []string{mac + `"01:00:00:ab:cd:ef": is a multicast address`}},
		{"mac of the bridge", nic(func(i *v1.Interface) { i.MacAddress = "02-00-00-00-00-00" }), []string{mac + `"02-00-00-00-00-00": is reserved for the in-pod bridge`}},
		{"ports", nic(func(i *v1.Interface) {
			i.Ports = []v1.Port{{Name: "a", Port: 0}, {Name: "a", Port: 65536}, {Name: "A!", Port: 1, Protocol: "SCTP"}, {Port: 65535, Protocol: "UDP"}}
		}), []string{
			`$.domain.devices.interfaces[0].ports[0].port: Invalid value: 0: must be between 1 and 65535`,
			`$.domain.devices.interfaces[0].ports[1].port: Invalid value: 65536: must be between 1 and 65535`,
			`$.domain.devices.interfaces[0].ports[1].name: Duplicate value: "a"`,
			`$.domain.devices.interfaces[0].ports[2].protocol: Unsupported value: "SCTP": supported values: "TCP", "UDP"`,
			`$.domain.devices.interfaces[0].ports[2].name: Invalid value: "A!": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
			`$.domain.devices.interfaces[0].ports[2].name: Invalid value: "A!": must contain at least one letter (a-z)`,
		}},
	} {
		c.run(t)
	}
}
