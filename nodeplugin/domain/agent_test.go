// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/guestinfo"
)

// said returns facts with an agent that says so.
func said(interfaces ...guestinfo.Interface) Facts {
	return with(func(f *Facts) {
		f.Report.AgentConnected = true
		f.Report.Agent = &guestinfo.Status{OS: v1.VirtualMachineInstanceGuestOSInfo{ID: "debian", Name: "Debian GNU/Linux"}, Interfaces: interfaces}
	})
}

// masqueraded returns an instance behind a translation of addresses.
func masqueraded() *v1.VirtualMachineInstance {
	vmi := scheduled()
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{
		Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
	}}
	return vmi
}

func TestInterfacesOfTheGuest(t *testing.T) {
	const own = "02:00:00:00:00:01"
	bridged := scheduled()
	for _, tc := range []struct {
		name string
		vmi  *v1.VirtualMachineInstance
		said []guestinfo.Interface
		want []string
	}{
		{"nothing", masqueraded(), nil, []string{"default  domain 10.1.2.3,fd00::3"}},
		{"behind a translation the pod's addresses stay", masqueraded(),
			[]guestinfo.Interface{{Name: "eth0", MAC: own, IPs: []string{"10.0.2.2", "fd10:0:2::2", "fe80::1"}}},
			[]string{"default eth0 domain, guest-agent 10.1.2.3,fd00::3"}},
		{"a family that the guest does not have goes", masqueraded(),
			[]guestinfo.Interface{{Name: "eth0", MAC: own, IPs: []string{"10.0.2.2", "fe80::1"}}},
			[]string{"default eth0 domain, guest-agent 10.1.2.3"}},
		{"a guest that has no address yet keeps the pod's", masqueraded(),
			[]guestinfo.Interface{{Name: "eth0", MAC: own, IPs: []string{"fe80::1"}}},
			[]string{"default eth0 domain, guest-agent 10.1.2.3,fd00::3"}},
		{"the address is found however it is written", masqueraded(),
			[]guestinfo.Interface{{Name: "eth0", MAC: strings.ToUpper(own)}}, []string{"default eth0 domain, guest-agent 10.1.2.3,fd00::3"}},
		{"without a translation link-local ones count", bridged,
			[]guestinfo.Interface{{Name: "eth0", MAC: own, IPs: []string{"fe80::1"}}}, []string{"default eth0 domain, guest-agent fd00::3"}},
		{"NICs of the guest alone come after", masqueraded(),
			[]guestinfo.Interface{{Name: "docker0", MAC: "02:42:00:00:00:01", IPs: []string{"172.17.0.1", "fe80::2"}}, {Name: "eth0", MAC: own, IPs: []string{"10.0.2.2"}}, {Name: "down", MAC: "02:42:00:00:00:02"}},
			[]string{"default eth0 domain, guest-agent 10.1.2.3", " docker0 guest-agent 172.17.0.1,fe80::2", " down guest-agent "}},
		{"a bond has the address of its member", masqueraded(),
			[]guestinfo.Interface{{Name: "eth0", MAC: own, IPs: []string{"10.0.2.2"}}, {Name: "bond0", MAC: own, IPs: []string{"192.0.2.1"}}},
			[]string{"default eth0 domain, guest-agent 10.1.2.3"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			vmi := after(tc.vmi, said(tc.said...))
			var got []string
			for _, nic := range vmi.Status.Interfaces {
				got = append(got, fmt.Sprintf("%s %s %s %s", nic.Name, nic.InterfaceName, nic.InfoSource, strings.Join(nic.IPs, ",")))
				if len(nic.IPs) > 0 && nic.IP != nic.IPs[0] || len(nic.IPs) == 0 && nic.IP != "" {
					t.Errorf("address %q of %q", nic.IP, nic.IPs)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			if again := after(vmi, said(tc.said...)); !equality.Semantic.DeepEqual(again.Status, vmi.Status) {
				t.Error("the same facts change the status again")
			}
		})
	}
}

func TestWhatTheAgentSaysOfTheGuest(t *testing.T) {
	vmi := after(masqueraded(), said())
	if s := vmi.Status; s.GuestOSInfo.ID != "debian" || s.FSFreezeStatus != "" || !vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected) {
		t.Fatalf("status %+v", s)
	}
	frozen := said()
	frozen.Report.Agent.Frozen = true
	vmi = after(vmi, frozen)
	if vmi.Status.FSFreezeStatus != "frozen" {
		t.Errorf("freeze status %q", vmi.Status.FSFreezeStatus)
	}
	lacking := said()
	lacking.Report.Agent.Missing = []string{"guest-get-users", "guest-get-osinfo"}
	vmi = after(vmi, lacking)
	if c := vmi.Condition(v1.VirtualMachineInstanceUnsupportedAgent); c == nil || c.Status != v1.ConditionTrue ||
		c.Reason != "This guest agent doesn't support required basic commands" || c.Message != "the guest agent does not offer guest-get-users, guest-get-osinfo" {
		t.Errorf("condition %+v", c)
	}
	if vmi.Status.FSFreezeStatus != "" {
		t.Error("the thawed guest counts as frozen")
	}
	vmi = after(vmi, runningFacts())
	if s := vmi.Status; s.GuestOSInfo.ID != "debian" || vmi.Condition(v1.VirtualMachineInstanceUnsupportedAgent) != nil ||
		vmi.Condition(v1.VirtualMachineInstanceAgentConnected) != nil || s.Interfaces[0].InfoSource != "domain" {
		t.Errorf("after the agent has gone: %+v", s)
	}
}

// A launcher that a guest has broken into may send anything that fits into a frame.
func TestHostileReportOfAnAgentIsBounded(t *testing.T) {
	f := said()
	evil := strings.Repeat("\x1b[31m\u202e\"", 500)
	for i := range 400 {
		f.Report.Agent.Interfaces = append(f.Report.Agent.Interfaces, guestinfo.Interface{Name: evil, MAC: fmt.Sprintf("06:00:00:00:%02x:%02x", i/256, i%256), IPs: []string{"::1", evil}})
	}
	f.Report.Agent.OS.PrettyName, f.Report.Agent.Missing = evil, []string{evil, evil}
	clean, err := sanitize(f.Report)
	if err != nil {
		t.Fatal(err)
	}
	f.Report = clean
	vmi := after(masqueraded(), f)
	raw, err := json.Marshal(vmi.Status)
	if err != nil || len(raw) > 16<<10 || len(vmi.Status.Interfaces) != 1+guestinfo.MaxOthers {
		t.Errorf("a status of %d bytes with %d interfaces, %v", len(raw), len(vmi.Status.Interfaces), err)
	}
	if text := string(raw); strings.Contains(text, "\\u001b") || strings.ContainsRune(text, 0x202e) {
		t.Error("the status has control characters")
	}
}
