// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestPortsToForward(t *testing.T) {
	for tail, want := range map[string]string{"22": "tcp 22", "53/udp": "udp 53", "65535/tcp": "tcp 65535"} {
		network, port, err := parsePort(tail)
		if got := fmt.Sprintf("%s %d", network, port); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", tail, got, err, want)
		}
	}
	for tail, want := range map[string]string{
		"0":        `portforward/0: "0" is no port; give a number from 1 to 65535`,
		"65536":    `portforward/65536: "65536" is no port; give a number from 1 to 65535`,
		"ssh":      `portforward/ssh: "ssh" is no port; give a number from 1 to 65535`,
		"22/":      `portforward/22/: "" is no protocol; use tcp or udp`,
		"22/sctp":  `portforward/22/sctp: "sctp" is no protocol; use tcp or udp`,
		"22/tcp/x": `portforward/22/tcp/x: "tcp/x" is no protocol; use tcp or udp`,
	} {
		if _, _, err := parsePort(tail); !apierrors.IsBadRequest(err) || err.Error() != want {
			t.Errorf("%s: %v, want %s", tail, err, want)
		}
	}
}

// TestOnlyGuestsAreForwardedTo holds that what a guest says of itself does not lead to other places.
func TestOnlyGuestsAreForwardedTo(t *testing.T) {
	at := func(ip string) *v1.VirtualMachineInstance {
		vmi := up()
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{IP: ip}}
		return vmi
	}
	for text, want := range map[string]string{"198.51.100.7": "198.51.100.7", "10.0.0.1": "10.0.0.1", "2001:db8::1": "2001:db8::1", "::ffff:198.51.100.7": "198.51.100.7"} {
		if got, err := addressOf(at(text)); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255"} {
		want := "status.interfaces[0].ipAddress: " + text + " cannot be reached from outside the guest"
		if _, err := addressOf(at(text)); !apierrors.IsBadRequest(err) || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := addressOf(up()); !apierrors.IsBadRequest(err) || err.Error() != "no network interfaces are present" {
		t.Errorf("no interface: %v", err)
	}
	if _, err := addressOf(at("guest.example.com")); !apierrors.IsInternalError(err) {
		t.Errorf("a name: %v", err)
	}
}
