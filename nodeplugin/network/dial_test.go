// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// plumbed returns a pod with a guest, and the guest's NIC.
func plumbed(t *testing.T, vmi *v1.VirtualMachineInstance) (*testPod, session.Interface) {
	t.Helper()
	p := newTestPod(t, podIPv4+"/24", podIPv6+"/64")
	result, err := p.plumber.Plumb(p.pod, vmi)
	if err != nil {
		t.Fatal(err)
	}
	p.plugGuest(t, result)
	return p, result.Interfaces[0]
}

// hear dials a port of the guest and returns what it says.
func hear(t *testing.T, p *testPod, nic session.Interface, port uint16, timeout time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	conn, err := p.pod.Dial(ctx, "tcp", nic, port)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answered)); err != nil {
		t.Fatal(err)
	}
	heard, err := io.ReadAll(conn)
	return string(heard), err
}

func TestEveryPortOfTheGuestIsDialled(t *testing.T) {
	// The list of ports is for the pod's network; the owner's own tunnel goes past it.
	p, nic := plumbed(t, masqueraded(v1.Port{Port: 80}))
	serveName(t, p.guest, "10.0.2.2:22")
	serveName(t, p.guest, "[fd10:0:2::2]:22")
	if heard, err := hear(t, p, nic, 22, answered); err != nil || heard != "10.0.2.1" {
		t.Errorf("heard %q, %v", heard, err)
	}
	nic.Address = ""
	if heard, err := hear(t, p, nic, 22, answered); err != nil || heard != "fd10:0:2::1" {
		t.Errorf("by IPv6 heard %q, %v", heard, err)
	}
}

func TestDatagramsReachTheGuest(t *testing.T) {
	p, nic := plumbed(t, masqueraded())
	var guest net.PacketConn
	err := p.guest.Do(func() (err error) {
		guest, err = net.ListenPacket("udp", "10.0.2.2:53")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	conn, err := p.pod.Dial(t.Context(), "udp", nic, 53)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("who?")); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 16)
	if err := guest.SetDeadline(time.Now().Add(answered)); err != nil {
		t.Fatal(err)
	}
	n, from, err := guest.ReadFrom(buffer)
	if err != nil || string(buffer[:n]) != "who?" {
		t.Fatalf("the guest got %q, %v", buffer[:n], err)
	}
	if _, err := guest.WriteTo([]byte("me"), from); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(answered)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(buffer); err != nil || string(buffer[:n]) != "me" {
		t.Errorf("the client got %q, %v", buffer[:n], err)
	}
}

func TestWhyAGuestIsNotReached(t *testing.T) {
	p, nic := plumbed(t, masqueraded())
	if _, err := hear(t, p, nic, 23, answered); err == nil || err.Error() != "connection refused: nothing listens on port 23 of the guest" {
		t.Errorf("a closed port: %v", err)
	}
	// The next address is that of nobody; the kernel looks for it for some seconds.
	nobody := nic
	nobody.Address = "10.0.2.3/24"
	if _, err := hear(t, p, nobody, 22, answered); err == nil || !strings.HasPrefix(err.Error(), "no route to the guest") {
		t.Errorf("no guest: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.pod.Dial(ctx, "tcp", nobody, 22); err == nil || !strings.HasPrefix(err.Error(), "timeout: the guest does not answer on tcp port 22") {
		t.Errorf("too slow: %v", err)
	}
	if _, err := p.pod.Dial(t.Context(), "sctp", nic, 22); err == nil || !strings.Contains(err.Error(), "use tcp or udp") {
		t.Errorf("another protocol: %v", err)
	}
}

// TestOnlyTheGuestIsDialled holds that a port forwarded to a guest leads nowhere else, whatever network
// its owner has chosen: not to what listens in the pod, not to the node, not to other pods.
func TestOnlyTheGuestIsDialled(t *testing.T) {
	p, nic := plumbed(t, masqueraded())
	serveName(t, p.pod, ":22")
	serveName(t, p.peer, ":22")
	for _, address := range []string{"127.0.0.1/8", "::1/128", "::ffff:127.0.0.1/128", "169.254.169.254/16", "0.0.0.0/0", "224.0.0.1/4", "255.255.255.255/32", "fe80::1/64"} {
		elsewhere := nic
		elsewhere.Address = address
		if _, err := hear(t, p, elsewhere, 22, silent); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
			t.Errorf("%s: %v", address, err)
		}
	}
	// Addresses that a guest might have, but that lie behind the pod's other interfaces: the pod's own,
	// its neighbour's, and one that the loopback interface has.
	within(t, p.pod, func(h *netlink.Handle) error { return setUp(h, "lo", "192.0.2.200/32") })
	for _, address := range []string{podIPv4 + "/24", podIPv6 + "/64", peerIPv4 + "/24", peerIPv6 + "/64", "192.0.2.200/32"} {
		elsewhere := nic
		elsewhere.Address = address
		if heard, err := hear(t, p, elsewhere, 22, silent); err == nil {
			t.Errorf("%s was reached, and said %q", address, heard)
		}
	}
	for _, broken := range []session.Interface{{Name: "default"}, {Name: "default", Address: nic.Address}, {Name: "default", Address: "10.0.2.2", Bridge: nic.Bridge}} {
		if _, err := p.pod.Dial(t.Context(), "tcp", broken, 22); err == nil || !strings.Contains(err.Error(), `interface "default"`) {
			t.Errorf("%+v: %v", broken, err)
		}
	}
}

func TestAClosedNamespaceIsNotEntered(t *testing.T) {
	p, nic := plumbed(t, masqueraded())
	p.pod.Close()
	if _, err := p.pod.Dial(t.Context(), "tcp", nic, 22); err == nil || !strings.Contains(err.Error(), "use of closed file") {
		t.Errorf("got %v", err)
	}
}
