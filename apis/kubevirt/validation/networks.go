// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// bridgeMAC is the address of the in-pod bridge, which a guest on it cannot have too.
const bridgeMAC = "02:00:00:00:00:00"

var (
	nicModels = []string{"virtio", "e1000", "e1000e", "ne2k_pci", "pcnet", "rtl8139", "igb"}
	protocols = []string{"TCP", "UDP"}
)

func networks(spec *v1.VirtualMachineInstanceSpec, root *field.Path) field.ErrorList {
	at := root.Child("networks")
	errs := tooMany(at, len(spec.Networks))
	byName := map[string]*v1.Network{}
	seen := map[string]bool{}
	pods := 0
	for i := range spec.Networks {
		n := &spec.Networks[i]
		byName[n.Name] = n
		errs = append(errs, names(at.Index(i).Child("name"), n.Name, seen)...)
		errs = append(errs, network(n, at.Index(i))...)
		if n.Pod == nil {
			continue
		}
		if pods++; pods > 1 {
			errs = append(errs, field.Invalid(at.Index(i).Child("pod"), n.Name, "only one network can be the pod network"))
		}
	}
	used := map[string]bool{}
	nics := root.Child("domain", "devices", "interfaces")
	errs = append(errs, tooMany(nics, len(spec.Domain.Devices.Interfaces))...)
	for i := range spec.Domain.Devices.Interfaces {
		nic := &spec.Domain.Devices.Interfaces[i]
		errs = append(errs, names(nics.Index(i).Child("name"), nic.Name, used)...)
		errs = append(errs, interfaces(nic, byName[nic.Name], nics.Index(i), at)...)
	}
	for i := range spec.Networks {
		if !used[spec.Networks[i].Name] {
			errs = append(errs, field.Invalid(at.Index(i).Child("name"), spec.Networks[i].Name, fmt.Sprintf("%s has no interface of this name", nics)))
		}
	}
	return errs
}

func network(n *v1.Network, at *field.Path) field.ErrorList {
	errs := exactlyOne(at, "network type", members(n.NetworkSource))
	if n.Pod != nil {
		errs = append(errs, guestCIDR(n.Pod.VMNetworkCIDR, at.Child("pod", "vmNetworkCIDR"), netip.Addr.Is4)...)
		errs = append(errs, guestCIDR(n.Pod.VMIPv6NetworkCIDR, at.Child("pod", "vmIPv6NetworkCIDR"), netip.Addr.Is6)...)
	}
	return errs
}

func guestCIDR(cidr string, at *field.Path, family func(netip.Addr) bool) field.ErrorList {
	if cidr == "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil || !family(prefix.Addr()) {
		return field.ErrorList{field.Invalid(at, cidr, "must be a network in CIDR form of the right address family")}
	}
	if prefix.Addr().BitLen()-prefix.Bits() < 2 {
		return field.ErrorList{field.Invalid(at, cidr, "must have room for a gateway and a guest: at most /30 or /126")}
	}
	return nil
}

func interfaces(nic *v1.Interface, network *v1.Network, at, networks *field.Path) field.ErrorList {
	var errs field.ErrorList
	if network == nil {
		errs = append(errs, field.Invalid(at.Child("name"), nic.Name, fmt.Sprintf("%s has no network of this name", networks)))
	}
	if nic.Masquerade != nil && network != nil && network.Pod == nil {
		errs = append(errs, field.Invalid(at.Child("masquerade"), nic.Name, "Masquerade interface only implemented with pod network"))
	}
	set := members(nic.InterfaceBindingMethod)
	if nic.Binding != nil {
		set = append(set, "binding")
	}
	errs = append(errs, exactlyOne(at, "binding method", set)...)
	if nic.Model != "" && !slices.Contains(nicModels, nic.Model) {
		errs = append(errs, field.NotSupported(at.Child("model"), nic.Model, nicModels))
	}
	errs = append(errs, macAddress(nic.MacAddress, at.Child("macAddress"))...)
	return append(errs, ports(nic.Ports, at.Child("ports"))...)
}

func macAddress(mac string, at *field.Path) field.ErrorList {
	if mac == "" {
		return nil
	}
	hw, err := net.ParseMAC(mac)
	switch {
	case err != nil || len(hw) != 6:
		return field.ErrorList{field.Invalid(at, mac, "must be an address of six bytes such as 02:00:00:ab:cd:ef")}
	case hw[0]&1 == 1:
		return field.ErrorList{field.Invalid(at, mac, "is a multicast address")}
	case hw.String() == bridgeMAC:
		return field.ErrorList{field.Invalid(at, mac, "is reserved for the in-pod bridge")}
	}
	return nil
}

func ports(list []v1.Port, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, p := range list {
		if p.Port < 1 || p.Port > 65535 {
			errs = append(errs, field.Invalid(at.Index(i).Child("port"), p.Port, "must be between 1 and 65535"))
		}
		if p.Protocol != "" && !slices.Contains(protocols, p.Protocol) {
			errs = append(errs, field.NotSupported(at.Index(i).Child("protocol"), p.Protocol, protocols))
		}
		if p.Name == "" {
			continue
		}
		if seen[p.Name] {
			errs = append(errs, field.Duplicate(at.Index(i).Child("name"), p.Name))
		}
		seen[p.Name] = true
		for _, problem := range utilvalidation.IsValidPortName(p.Name) {
			errs = append(errs, field.Invalid(at.Index(i).Child("name"), p.Name, problem))
		}
	}
	return errs
}

func probe(spec *v1.VirtualMachineInstanceSpec, p *v1.Probe, at *field.Path) field.ErrorList {
	if p == nil {
		return nil
	}
	set := members(p.Handler)
	errs := exactlyOne(at, "handler: httpGet or tcpSocket", set)
	if (p.HTTPGet != nil || p.TCPSocket != nil) && !slices.ContainsFunc(spec.Networks, func(n v1.Network) bool { return n.Pod != nil }) {
		errs = append(errs, field.Invalid(at, fmt.Sprint(set), "needs an interface on the pod network"))
	}
	for _, v := range []struct {
		field  string
		number int32
	}{
		{"initialDelaySeconds", p.InitialDelaySeconds}, {"timeoutSeconds", p.TimeoutSeconds}, {"periodSeconds", p.PeriodSeconds},
		{"successThreshold", p.SuccessThreshold}, {"failureThreshold", p.FailureThreshold},
	} {
		if v.number < 0 {
			errs = append(errs, field.Invalid(at.Child(v.field), v.number, "must not be negative"))
		}
	}
	return errs
}
