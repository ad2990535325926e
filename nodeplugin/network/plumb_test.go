// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestGuestAndPodNetworkReachEachOther(t *testing.T) {
	p := newTestPod(t, podIPv4+"/24", podIPv6+"/64")
	start := time.Now()
	result, err := p.plumber.Plumb(p.pod, masqueraded())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("plumbed in %v", time.Since(start))
	if got := strings.Join(result.PodIPs, " "); got != podIPv4+" "+podIPv6 {
		t.Fatalf("pod addresses %s", got)
	}
	iface := result.Interfaces[0]
	if iface.Address != "10.0.2.2/24" || iface.Gateway != "10.0.2.1" || iface.AddressV6 != "fd10:0:2::2/120" ||
		iface.GatewayV6 != "fd10:0:2::1" || iface.MTU != podMTU || iface.Tap != "tap0" || iface.Bridge != "k6t-eth0" {
		t.Fatalf("interface %+v", iface)
	}
	p.plugGuest(t, result)
	serveName(t, p.guest, ":80")
	serveName(t, p.peer, ":90")
	for _, tc := range []struct {
		name    string
		from    *Namespace
		to      string
		clients string
	}{
		{"peer to guest", p.peer, podIPv4 + ":80", peerIPv4},
		{"peer to guest by IPv6", p.peer, "[" + podIPv6 + "]:80", peerIPv6},
		{"guest to peer", p.guest, peerIPv4 + ":90", podIPv4},
		{"guest to peer by IPv6", p.guest, "[" + peerIPv6 + "]:90", podIPv6},
		{"pod's loopback to guest", p.pod, "127.0.0.1:80", "10.0.2.1"},
	} {
		// A listener on all addresses shows IPv4 clients as ::ffff:a.b.c.d on some stacks.
		got, err := ask(tc.from, tc.to, "", answered)
		if err != nil || net.ParseIP(got).String() != tc.clients {
			t.Errorf("%s: server saw %q (%v), want %s", tc.name, got, err, tc.clients)
		}
	}
	within(t, p.guest, func(h *netlink.Handle) error { return setUp(h, "eth0", "10.0.2.77/24") })
	if got, err := ask(p.guest, peerIPv4+":90", "10.0.2.77", silent); err == nil {
		t.Errorf("a foreign address of the guest reached the network as %q", got)
	}
}

func TestPlumbingAgainChangesNothing(t *testing.T) {
	p := newTestPod(t, podIPv4+"/24", podIPv6+"/64")
	vmi := masqueraded(v1.Port{Port: 80}, v1.Port{Port: 53, Protocol: "UDP"})
	if _, err := p.plumber.Plumb(p.pod, vmi); err != nil {
		t.Fatal(err)
	}
	before := p.state(t)
	start := time.Now()
	if _, err := p.plumber.Plumb(p.pod, vmi); err != nil {
		t.Fatal(err)
	}
	t.Logf("plumbed again in %v", time.Since(start))
	if after := p.state(t); after != before {
		t.Fatalf("before:\n%s\nafter:\n%s", before, after)
	}
	// What was damaged is repaired.
	err := p.pod.Do(func() error { return exec.Command("nft", "flush", "chain", "ip", "virtplane", "postrouting").Run() })
	if err != nil {
		t.Fatal(err)
	}
	within(t, p.pod, func(h *netlink.Handle) error {
		link, err := h.LinkByName(tapName)
		if err != nil {
			return err
		}
		return h.LinkSetNoMaster(link)
	})
	if _, err := p.plumber.Plumb(p.pod, vmi); err != nil {
		t.Fatal(err)
	}
	p.plugGuest(t, &Result{Interfaces: mustDescribe(t, vmi)})
	serveName(t, p.peer, ":90")
	if got, err := ask(p.guest, peerIPv4+":90", "", answered); err != nil || net.ParseIP(got).String() != podIPv4 {
		t.Fatalf("after repair: %q, %v", got, err)
	}
}

func TestOnlyListedPortsAreReachable(t *testing.T) {
	p := newTestPod(t, podIPv4+"/24", podIPv6+"/64")
	result, err := p.plumber.Plumb(p.pod, masqueraded(
		v1.Port{Port: 80}, v1.Port{Port: 80, Protocol: "TCP"}, v1.Port{Port: 443}, v1.Port{Port: 82, Protocol: "UDP"}))
	if err != nil {
		t.Fatal(err)
	}
	p.plugGuest(t, result)
	for _, port := range []string{"80", "81", "82", "443"} {
		serveName(t, p.guest, ":"+port)
	}
	for _, host := range []string{podIPv4, "[" + podIPv6 + "]"} {
		for port, open := range map[string]bool{"80": true, "443": true, "81": false, "82": false} {
			if _, err := ask(p.peer, host+":"+port, "", answered); (err == nil) != open {
				t.Errorf("%s port %s: %v, want open %v", host, port, err, open)
			}
		}
	}
	if _, err := ask(p.pod, "127.0.0.1:81", "", answered); err == nil {
		t.Error("port 81 is reachable through the pod's loopback")
	}
	if _, err := ask(p.pod, "127.0.0.1:443", "", answered); err != nil {
		t.Errorf("port 443 through the pod's loopback: %v", err)
	}
}

func TestPodWithoutIPv6GetsNone(t *testing.T) {
	p := newTestPod(t, podIPv4+"/24")
	vmi := masqueraded()
	vmi.Spec.Networks[0].Pod.VMNetworkCIDR = "172.20.0.0/16"
	result, err := p.plumber.Plumb(p.pod, vmi)
	if err != nil {
		t.Fatal(err)
	}
	iface := result.Interfaces[0]
	if iface.Address != "172.20.0.2/16" || iface.AddressV6 != "" {
		t.Fatalf("interface %+v", iface)
	}
	within(t, p.pod, func(h *netlink.Handle) error {
		for _, name := range []string{bridgeName, tapName} {
			link, err := h.LinkByName(name)
			if err != nil {
				return err
			}
			list, err := h.AddrList(link, netlink.FAMILY_V6)
			if err != nil || len(list) != 0 {
				t.Errorf("%s has IPv6 addresses %v (%v)", name, list, err)
			}
		}
		return nil
	})
	if !strings.Contains(p.state(t), "table ip virtplane") || strings.Contains(p.state(t), "table ip6") {
		t.Errorf("rules:\n%s", p.state(t))
	}
}

func TestGuestWithoutNICLeavesThePodAlone(t *testing.T) {
	p := newTestPod(t, podIPv4+"/24")
	before := p.state(t)
	result, err := p.plumber.Plumb(p.pod, &v1.VirtualMachineInstance{})
	if err != nil || len(result.Interfaces) != 0 || len(result.PodIPs) != 1 {
		t.Fatalf("got %+v, %v", result, err)
	}
	if after := p.state(t); after != before {
		t.Fatalf("changed to\n%s", after)
	}
}

func TestForeignTapIsRefused(t *testing.T) {
	p := newTestPod(t, podIPv4+"/24")
	within(t, p.pod, func(h *netlink.Handle) error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = tapName
		return h.LinkAdd(&netlink.Bridge{LinkAttrs: attrs})
	})
	if _, err := p.plumber.Plumb(p.pod, masqueraded()); err == nil {
		t.Fatal("took a foreign device")
	}
}

// state returns links, addresses and rules with their handles.
func (p *testPod) state(t testing.TB) string {
	t.Helper()
	var text strings.Builder
	err := p.pod.Do(func() error {
		for _, command := range []string{"ip -d link", "ip address", "nft -a list ruleset"} {
			fields := strings.Fields(command)
			out, err := exec.Command(fields[0], fields[1:]...).CombinedOutput()
			text.WriteString("# " + command + "\n")
			text.Write(out)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	// A bridge shows counters of running timers.
	var kept []string
	for line := range strings.Lines(text.String()) {
		if !strings.Contains(line, "timer") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func BenchmarkPlumb(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		p := newTestPod(b, podIPv4+"/24", podIPv6+"/64")
		b.StartTimer()
		if _, err := p.plumber.Plumb(p.pod, masqueraded()); err != nil {
			b.Fatal(err)
		}
	}
}

// A NIC with several queues needs a device that was made for them; an older one stays as it is.
func TestTapHasTheQueuesThatItWasMadeWith(t *testing.T) {
	yes := true
	many := masqueraded()
	many.Spec.Domain.CPU = &v1.CPU{Cores: 4}
	many.Spec.Domain.Devices.NetworkInterfaceMultiQueue = &yes
	for name, tc := range map[string]struct {
		first *v1.VirtualMachineInstance
		want  int
	}{"made for several": {many, 4}, "made for one": {masqueraded(), 1}} {
		t.Run(name, func(t *testing.T) {
			p := newTestPod(t, podIPv4+"/24")
			if _, err := p.plumber.Plumb(p.pod, tc.first); err != nil {
				t.Fatal(err)
			}
			result, err := p.plumber.Plumb(p.pod, many)
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Interfaces[0].Queues; got != tc.want {
				t.Errorf("%d queues, want %d", got, tc.want)
			}
		})
	}
}
