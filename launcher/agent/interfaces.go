// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"strings"

	"github.com/virtplane/virtplane/launcher/guestinfo"
)

// nic is an element of the answer to guest-network-get-interfaces.
type nic struct {
	Name      string `json:"name"`
	MAC       string `json:"hardware-address"`
	Addresses list[struct {
		Address string `json:"ip-address"`
	}] `json:"ip-addresses"`
}

// interfaces asks for the guest's NICs. Those of the machine come first, however many others the guest has.
func (a *Agent) interfaces(ctx context.Context) ([]guestinfo.Interface, error) {
	var nics list[nic]
	if err := a.ask(ctx, "guest-network-get-interfaces", nil, &nics, quick); err != nil {
		return nil, err
	}
	var own, others []guestinfo.Interface
	for _, n := range nics {
		if n.MAC == "" || n.Name == "lo" {
			continue
		}
		i := guestinfo.Interface{Name: n.Name, MAC: n.MAC}
		for _, address := range n.Addresses {
			i.IPs = append(i.IPs, address.Address)
		}
		if a.own[strings.ToLower(n.MAC)] {
			own = append(own, i)
		} else if len(others) < guestinfo.MaxOthers {
			others = append(others, i)
		}
	}
	return append(own, others...), nil
}
