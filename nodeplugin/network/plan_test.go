// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"net/netip"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

var dualStack = pod{mtu: podMTU, addresses: []netip.Addr{netip.MustParseAddr(podIPv4), netip.MustParseAddr(podIPv6)}}

func mustDescribe(t *testing.T, vmi *v1.VirtualMachineInstance) []session.Interface {
	t.Helper()
	wanted, err := newPlan(vmi, dualStack)
	if err != nil {
		t.Fatal(err)
	}
	return []session.Interface{wanted.describe()}
}

func TestMACIsStableAndOwn(t *testing.T) {
	a, b := masqueraded(), masqueraded()
	b.Name = "other"
	first, second := mustDescribe(t, a)[0].MAC, mustDescribe(t, b)[0].MAC
	if first == second || first != mustDescribe(t, a)[0].MAC || !strings.HasPrefix(first, "02:") {
		t.Fatalf("%s and %s", first, second)
	}
	a.Spec.Domain.Devices.Interfaces[0].MacAddress = "52-54-00-AA-BB-CC"
	if got := mustDescribe(t, a)[0].MAC; got != "52:54:00:aa:bb:cc" {
		t.Fatal(got)
	}
}

func TestQueuesFollowTheCPUs(t *testing.T) {
	for name, tc := range map[string]struct {
		cpu    *v1.CPU
		asked  bool
		model  string
		queues int
	}{
		"not asked for":     {&v1.CPU{Cores: 4}, false, "", 1},
		"one each":          {&v1.CPU{Cores: 2, Sockets: 2}, true, "virtio", 4},
		"one CPU":           {&v1.CPU{Cores: 1}, true, "", 1},
		"no CPUs given":     {nil, true, "", 1},
		"another NIC":       {&v1.CPU{Cores: 4}, true, "e1000", 1},
		"more than a tap's": {&v1.CPU{Cores: 300}, true, "", maxQueues},
	} {
		vmi := masqueraded()
		vmi.Spec.Domain.CPU, vmi.Spec.Domain.Devices.NetworkInterfaceMultiQueue = tc.cpu, &tc.asked
		vmi.Spec.Domain.Devices.Interfaces[0].Model = tc.model
		if got := mustDescribe(t, vmi)[0].Queues; got != tc.queues {
			t.Errorf("%s: %d queues, want %d", name, got, tc.queues)
		}
	}
}

// TestRefusalsNameTheField checks that whoever reads the status knows what to change.
func TestRefusalsNameTheField(t *testing.T) {
	for _, tc := range []struct {
		change func(*v1.VirtualMachineInstance)
		want   string
	}{
		{func(v *v1.VirtualMachineInstance) {
			v.Spec.Domain.Devices.Interfaces = append(v.Spec.Domain.Devices.Interfaces, v1.Interface{Name: "b"})
		}, "spec.domain.devices.interfaces"},
		{func(v *v1.VirtualMachineInstance) { v.Spec.Domain.Devices.Interfaces[0].Masquerade = nil }, "masquerade"},
		{func(v *v1.VirtualMachineInstance) { v.Spec.Networks[0].Name = "x" }, "spec.networks"},
		{func(v *v1.VirtualMachineInstance) { v.Spec.Networks[0].Pod.VMNetworkCIDR = "nonsense" }, "vmNetworkCIDR"},
		{func(v *v1.VirtualMachineInstance) { v.Spec.Networks[0].Pod.VMNetworkCIDR = "fd00::/64" }, "vmNetworkCIDR"},
		{func(v *v1.VirtualMachineInstance) { v.Spec.Networks[0].Pod.VMNetworkCIDR = "10.0.0.0/31" }, "too small"},
		{func(v *v1.VirtualMachineInstance) { v.Spec.Networks[0].Pod.VMNetworkCIDR = "192.0.2.0/24" }, podIPv4},
		{func(v *v1.VirtualMachineInstance) { v.Spec.Networks[0].Pod.VMIPv6NetworkCIDR = "10.0.0.0/24" }, "vmIPv6NetworkCIDR"},
		{func(v *v1.VirtualMachineInstance) { v.Spec.Domain.Devices.Interfaces[0].MacAddress = "zz" }, "macAddress"},
		{func(v *v1.VirtualMachineInstance) {
			v.Spec.Domain.Devices.Interfaces[0].MacAddress = "03:00:00:00:00:01"
		}, "group"},
		{func(v *v1.VirtualMachineInstance) {
			v.Spec.Domain.Devices.Interfaces[0].MacAddress = "02:00:00:00:00:00"
		}, "gateway"},
		{func(v *v1.VirtualMachineInstance) {
			v.Spec.Domain.Devices.Interfaces[0].Ports = []v1.Port{{Port: 1}, {Port: 70000}}
		}, "ports[1].port"},
		{func(v *v1.VirtualMachineInstance) {
			v.Spec.Domain.Devices.Interfaces[0].Ports = []v1.Port{{Port: 1, Protocol: "SCTP"}}
		}, "ports[0].protocol"},
		{func(v *v1.VirtualMachineInstance) {
			v.Spec.Domain.Devices.Interfaces[0].Ports = make([]v1.Port, maxPorts+1)
		}, "too many"},
	} {
		vmi := masqueraded()
		tc.change(vmi)
		if _, err := newPlan(vmi, dualStack); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("want %q, got %v", tc.want, err)
		}
	}
}
