// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"net/netip"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func networks(spec *v1.VirtualMachineInstanceSpec, root *field.Path) field.ErrorList {
	at := root.Child("networks")
	errs := tooMany(at, len(spec.Networks))
	byName := map[string]*v1.Network{}
	seen := map[string]bool{}
	pods, defaults := 0, 0
	for i := range spec.Networks {
		n := &spec.Networks[i]
		byName[n.Name] = n
		errs = append(errs, nicNames(at.Index(i).Child("name"), n.Name, seen)...)
		errs = append(errs, network(n, at.Index(i))...)
		if n.Multus != nil && n.Multus.Default {
			if defaults++; defaults > 1 {
				errs = append(errs, field.Invalid(at.Index(i).Child("multus", "default"), true, "Multus CNI should only have one default network"))
			}
		}
		if n.Pod == nil {
			continue
		}
		if pods++; pods > 1 {
			errs = append(errs, field.Invalid(at.Index(i).Child("pod"), n.Name, "only one network can be the pod network"))
		}
	}
	if pods > 0 && defaults > 0 {
		errs = append(errs, field.Invalid(at, "[pod multus]", "Pod network cannot be defined when Multus default network is defined"))
	}
	used := map[string]bool{}
	nics := root.Child("domain", "devices", "interfaces")
	errs = append(errs, tooMany(nics, len(spec.Domain.Devices.Interfaces))...)
	for i := range spec.Domain.Devices.Interfaces {
		nic := &spec.Domain.Devices.Interfaces[i]
		errs = append(errs, nicNames(nics.Index(i).Child("name"), nic.Name, used)...)
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
	if n.Multus != nil && n.Multus.NetworkName == "" {
		errs = append(errs, field.Required(at.Child("multus", "networkName"), "CNI delegating plugin must have a networkName"))
	}
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
