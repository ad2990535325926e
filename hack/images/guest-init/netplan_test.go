// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestPlanNetwork(t *testing.T) {
	one := []nic{{"eth0", "02:00:00:00:00:01"}}
	two := append(one, nic{"eth1", "02:00:00:00:00:02"})
	const dhcp0 = "ip link set eth0 up\nudhcpc -i eth0"
	for _, test := range []struct {
		name, raw string
		present   []nic
		want      []string // commands that begin like this, in order, after lo
		resolv    string
		err       string
	}{
		{"nothing said", "", two, []string{"ip link set eth0 up", "udhcpc -i eth0 ", "ip link set eth1 up", "udhcpc -i eth1 "}, "", ""},
		{"version 2", `version: 2
ethernets:
  eth0:
    addresses: [192.0.2.5/24, "2001:db8::5/64"]
    gateway4: 192.0.2.1
    mtu: 1400
    routes: [{to: 0.0.0.0/0, via: 192.0.2.9}]
    nameservers: {addresses: [192.0.2.53], search: [example.org, test]}
`, one, []string{"ip link set eth0 mtu 1400", "ip link set eth0 up", "ip addr add 192.0.2.5/24 dev eth0", "ip addr add 2001:db8::5/64 dev eth0",
			"ip route add default via 192.0.2.1 dev eth0", "ip route add default via 192.0.2.9 dev eth0"}, "nameserver 192.0.2.53\nsearch example.org test", ""},
		{"found by its address", "version: 2\nethernets:\n  net0:\n    match: {macaddress: '02:00:00:00:00:02'}\n    dhcp4: true\n", two,
			[]string{"ip link set eth1 up", "udhcpc -i eth1 "}, "", ""},
		{"wrapped, another name", "network:\n  version: 2\n  ethernets:\n    enp1s0: {dhcp4: true, dhcp6: true}\n", one,
			[]string{"ip link set eth0 up", "udhcpc -i eth0 ", "udhcpc6 -i eth0 "}, "", ""},
		{"no such interface", "version: 2\nethernets:\n  eth7: {dhcp4: true}\n", two, nil, "", `no interface matches "eth7"`},
		{"version 1", `version: 1
config:
- type: physical
  name: eth0
  subnets:
  - {type: static, address: 192.0.2.5/24, gateway: 192.0.2.1, dns_nameservers: [192.0.2.53]}
- type: nameserver
`, one, []string{"ip link set eth0 up", "ip addr add 192.0.2.5/24 dev eth0", "ip route add default via 192.0.2.1 dev eth0"}, "nameserver 192.0.2.53", ""},
		{"not YAML", ": [", one, strings.Split(dhcp0, "\n"), "", "read network-config"},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan, err := planNetwork([]byte(test.raw), test.present)
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			want := append([]string{"ip link set lo up"}, test.want...)
			if len(plan.commands) != len(want) {
				t.Fatalf("commands %q, want %q", plan.commands, want)
			}
			for i, args := range plan.commands {
				if line := strings.Join(args, " "); !strings.HasPrefix(line, want[i]) {
					t.Errorf("command %q, want %q", line, want[i])
				}
			}
			if got := strings.Join(plan.resolv, "\n"); got != test.resolv {
				t.Errorf("resolv.conf %q, want %q", got, test.resolv)
			}
		})
	}
}
