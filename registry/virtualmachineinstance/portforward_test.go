// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
