// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"net/netip"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/guestinfo"
	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// infoAgent and infoBoth are what status.interfaces says of a NIC that the guest tells of.
	infoAgent = "guest-agent"
	infoBoth  = infoDomain + ", " + infoAgent
	// reasonUnsupportedAgent is a text of the published API, where a word would be expected.
	reasonUnsupportedAgent = "This guest agent doesn't support required basic commands"
)

// agentStatus fills in what the guest's agent says. What is known of the operating system stays when
// the agent goes.
func agentStatus(status *v1.VirtualMachineInstanceStatus, r *session.Report, now metav1.Time) {
	status.FSFreezeStatus = ""
	if !r.AgentConnected {
		dropCondition(status, v1.VirtualMachineInstanceAgentConnected)
		dropCondition(status, v1.VirtualMachineInstanceUnsupportedAgent)
		return
	}
	setCondition(status, v1.VirtualMachineInstanceAgentConnected, v1.ConditionTrue, "", "", now)
	a := r.Agent
	if a == nil {
		return
	}
	if a.OS != (v1.VirtualMachineInstanceGuestOSInfo{}) {
		status.GuestOSInfo = a.OS
	}
	if a.Frozen {
		status.FSFreezeStatus = guestinfo.Frozen
	}
	if len(a.Missing) > 0 {
		setCondition(status, v1.VirtualMachineInstanceUnsupportedAgent, v1.ConditionTrue, reasonUnsupportedAgent,
			"the guest agent does not offer "+strings.Join(a.Missing, ", "), now)
	} else {
		dropCondition(status, v1.VirtualMachineInstanceUnsupportedAgent)
	}
}

// withAgent adds what the guest's agent says of the NICs: those that QEMU has are found by their
// address, those that only the guest knows of come after them.
func withAgent(vmi *v1.VirtualMachineInstance, nics []v1.VirtualMachineInstanceNetworkInterface, r *session.Report) []v1.VirtualMachineInstanceNetworkInterface {
	if !r.AgentConnected || r.Agent == nil {
		return nics
	}
	ours, others := len(nics), 0
	for _, said := range r.Agent.Interfaces {
		i := slices.IndexFunc(nics[:ours], func(nic v1.VirtualMachineInstanceNetworkInterface) bool {
			return strings.EqualFold(nic.MAC, said.MAC)
		})
		switch {
		case i >= 0 && nics[i].InfoSource == infoDomain: // a bond has the address of its members: the first one counts
			nics[i].InfoSource, nics[i].InterfaceName = infoBoth, said.Name
			setAddresses(&nics[i], said.IPs, masquerades(vmi, nics[i].Name))
		case i < 0 && others < guestinfo.MaxOthers:
			others++
			nic := v1.VirtualMachineInstanceNetworkInterface{InfoSource: infoAgent, InterfaceName: said.Name, MAC: said.MAC, IPs: said.IPs}
			if len(said.IPs) > 0 {
				nic.IP = said.IPs[0]
			}
			nics = append(nics, nic)
		}
	}
	return nics
}

// setAddresses joins the pod's addresses with the guest's, per family of addresses: the pod's lead to the
// guest and stay, unless the guest has none of that family. A guest that has none at all yet keeps both.
func setAddresses(nic *v1.VirtualMachineInstanceNetworkInterface, said []string, masquerade bool) {
	var result []string
	for _, is4 := range []bool{true, false} {
		guests := addressesOf(said, is4, masquerade)
		if pods := addressesOf(nic.IPs, is4, false); len(pods) > 0 && len(guests) > 0 {
			result = append(result, pods...)
		} else {
			result = append(result, guests...)
		}
	}
	if len(result) > 0 {
		nic.IPs, nic.IP = result, result[0]
	}
}

// addressesOf returns the addresses of one family. Behind a translation of addresses, link-local ones
// mean nothing outside of the guest.
func addressesOf(list []string, is4, withoutLinkLocal bool) []string {
	var result []string
	for _, text := range list {
		address, err := netip.ParseAddr(text)
		if err == nil && address.Is4() == is4 && !(withoutLinkLocal && address.IsLinkLocalUnicast()) {
			result = append(result, text)
		}
	}
	return result
}

func masquerades(vmi *v1.VirtualMachineInstance, name string) bool {
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		if nic := &vmi.Spec.Domain.Devices.Interfaces[i]; nic.Name == name {
			return nic.Masquerade != nil
		}
	}
	return false
}
