// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var (
	nicModels = []string{"virtio", "e1000", "e1000e", "ne2k_pci", "pcnet", "rtl8139", "igb"}
	nicStates = []v1.InterfaceState{v1.InterfaceStateLinkUp, v1.InterfaceStateLinkDown, v1.InterfaceStateAbsent}
	protocols = []string{"TCP", "UDP"}
	nicName   = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// maxNICName is the longest name of an interface, in characters, as for any name of the API.
const maxNICName = 63

// The options that DHCP leaves to private use.
const (
	firstPrivateOption = 224
	lastPrivateOption  = 254
)

// nicNames checks a name that an interface shares with its network; it may have more characters than other names.
func nicNames(at *field.Path, name string, seen map[string]bool) field.ErrorList {
	var errs field.ErrorList
	if !nicName.MatchString(name) {
		errs = append(errs, field.Invalid(at, name, "must consist of letters, digits, - and _"))
	}
	if len(name) > maxNICName {
		errs = append(errs, field.TooLong(at, "", maxNICName))
	}
	if seen[name] {
		errs = append(errs, field.Duplicate(at, name))
	}
	seen[name] = true
	return errs
}

func interfaces(nic *v1.Interface, network *v1.Network, at, networks *field.Path) field.ErrorList {
	var errs field.ErrorList
	if network == nil {
		errs = append(errs, field.Invalid(at.Child("name"), nic.Name, fmt.Sprintf("%s has no network of this name", networks)))
	}
	if nic.Masquerade != nil && network != nil && network.Pod == nil {
		errs = append(errs, field.Invalid(at.Child("masquerade"), nic.Name, "Masquerade interface only implemented with pod network"))
	}
	if nic.SRIOV != nil && network != nil && network.Multus == nil && network.ResourceClaim == nil {
		errs = append(errs, field.Invalid(at.Child("sriov"), nic.Name, "SR-IOV interfaces need a multus network or a resource claim"))
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
	errs = append(errs, pci(nic.PciAddress, at.Child("pciAddress"))...)
	if nic.ACPIIndex < 0 {
		errs = append(errs, field.Invalid(at.Child("acpiIndex"), nic.ACPIIndex, "must not be negative"))
	}
	errs = append(errs, state(nic, network, at.Child("state"))...)
	errs = append(errs, dhcp(nic.DHCPOptions, at.Child("dhcpOptions"))...)
	return append(errs, ports(nic.Ports, at.Child("ports"))...)
}

func state(nic *v1.Interface, network *v1.Network, at *field.Path) field.ErrorList {
	switch {
	case nic.State == "":
		return nil
	case !slices.Contains(nicStates, nic.State):
		return field.ErrorList{field.NotSupported(at, nic.State, nicStates)}
	case nic.State != v1.InterfaceStateAbsent && nic.SRIOV != nil:
		return field.ErrorList{field.Invalid(at, nic.State, "SR-IOV interfaces have no link state; remove the field")}
	case nic.State == v1.InterfaceStateAbsent && nic.Bridge == nil && nic.SRIOV == nil:
		return field.ErrorList{field.Invalid(at, nic.State, "only bridge and SR-IOV interfaces can be unplugged")}
	case nic.State == v1.InterfaceStateAbsent && network != nil && network.Pod != nil:
		return field.ErrorList{field.Invalid(at, nic.State, "the interface of the pod network cannot be unplugged")}
	}
	return nil
}

func dhcp(o *v1.DHCPOptions, at *field.Path) field.ErrorList {
	if o == nil {
		return nil
	}
	var errs field.ErrorList
	for i, server := range o.NTPServers {
		if ip, err := netip.ParseAddr(server); err != nil || !ip.Is4() {
			errs = append(errs, field.Invalid(at.Child("ntpServers").Index(i), server, "NTP servers must be a list of valid IPv4 addresses."))
		}
	}
	seen := map[int64]bool{}
	for i, p := range o.PrivateOptions {
		option := at.Child("privateOptions").Index(i).Child("option")
		if p.Option < firstPrivateOption || p.Option > lastPrivateOption {
			errs = append(errs, field.Invalid(option, p.Option, "provided DHCPPrivateOptions are out of range, must be in range 224 to 254"))
		}
		if seen[p.Option] {
			errs = append(errs, field.Duplicate(option, p.Option))
		}
		seen[p.Option] = true
	}
	return errs
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
