// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// Plumber connects guests with their pods' networks.
type Plumber struct {
	// Sysctls switches forwarding on.
	Sysctls *Sysctls
	// TunDevice is where /dev/net/tun is seen.
	TunDevice string
}

// Result is what was plumbed for a guest.
type Result struct {
	// Interfaces are the NICs in the order of the VMI's interfaces.
	Interfaces []session.Interface
	// PodIPs are the pod's addresses, IPv4 first.
	PodIPs []string
}

// Plumb makes what the guest of vmi needs in the pod's namespace. Doing it again changes nothing.
func (p *Plumber) Plumb(ns *Namespace, vmi *v1.VirtualMachineInstance) (*Result, error) {
	result := &Result{}
	err := ns.Do(func() error {
		handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return fmt.Errorf("open netlink: %w", err)
		}
		defer handle.Close()
		found, err := inspect(handle)
		if err != nil {
			return err
		}
		for _, address := range found.addresses {
			result.PodIPs = append(result.PodIPs, address.String())
		}
		if !wantsNetwork(vmi) {
			return nil
		}
		wanted, err := newPlan(vmi, found)
		if err != nil {
			return err
		}
		if err := p.apply(handle, wanted); err != nil {
			return err
		}
		result.Interfaces = []session.Interface{wanted.describe()}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// inspect returns what the pod's interface has.
func inspect(handle *netlink.Handle) (pod, error) {
	link, err := handle.LinkByName(podInterface)
	if err != nil {
		return pod{}, fmt.Errorf("get pod interface %s: %w", podInterface, err)
	}
	found := pod{mtu: link.Attrs().MTU}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		list, err := handle.AddrList(link, family)
		if err != nil {
			return pod{}, fmt.Errorf("list addresses of %s: %w", podInterface, err)
		}
		for _, a := range list {
			if address, ok := netip.AddrFromSlice(a.IP); ok && a.Scope == int(netlink.SCOPE_UNIVERSE) {
				found.addresses = append(found.addresses, address.Unmap())
			}
		}
	}
	if len(found.addresses) == 0 {
		return pod{}, fmt.Errorf("pod interface %s has no address", podInterface)
	}
	return found, nil
}

// apply makes the plan true, in an order in which no packet of the guest gets anywhere before
// its translation is there.
func (p *Plumber) apply(handle *netlink.Handle, wanted *plan) error {
	if err := translate(wanted); err != nil {
		return err
	}
	bridge, err := ensureBridge(handle, wanted)
	if err != nil {
		return err
	}
	if err := p.settings(wanted); err != nil {
		return err
	}
	if err := ensureAddresses(handle, bridge, wanted); err != nil {
		return err
	}
	tap, err := p.ensureTap(handle, wanted)
	if err != nil {
		return err
	}
	if err := p.Sysctls.SetIfPresent("ipv6/conf/"+tapName+"/disable_ipv6", "1"); err != nil {
		return err
	}
	if err := ensureMTU(handle, tap, wanted.mtu); err != nil {
		return err
	}
	if tap.Attrs().MasterIndex != bridge.Attrs().Index {
		if err := handle.LinkSetMaster(tap, bridge); err != nil {
			return fmt.Errorf("put %s into %s: %w", tapName, bridgeName, err)
		}
	}
	for _, link := range []netlink.Link{bridge, tap} {
		if err := ensureUp(handle, link); err != nil {
			return err
		}
	}
	return nil
}

// settings lets the namespace forward the guest's packets.
func (p *Plumber) settings(wanted *plan) error {
	// What a process of the pod sends to 127.0.0.1 goes to the guest, so that kubectl port-forward
	// works; the bridge alone may carry the answers.
	if err := p.Sysctls.Set("ipv4/conf/"+bridgeName+"/route_localnet", "1"); err != nil {
		return err
	}
	if err := p.Sysctls.Set("ipv4/ip_forward", "1"); err != nil {
		return err
	}
	if !wanted.v6.guest.IsValid() {
		return p.Sysctls.SetIfPresent("ipv6/conf/"+bridgeName+"/disable_ipv6", "1")
	}
	// A host that forwards drops what it learnt from routers, unless told to go on listening.
	const acceptRA = "ipv6/conf/" + podInterface + "/accept_ra"
	if now, err := p.Sysctls.Get(acceptRA); err == nil && now == "1" {
		if err := p.Sysctls.Set(acceptRA, "2"); err != nil {
			return err
		}
	}
	return p.Sysctls.Set("ipv6/conf/all/forwarding", "1")
}
