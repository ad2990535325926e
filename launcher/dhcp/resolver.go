// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
)

// Resolver is what a pod's resolv.conf says.
type Resolver struct {
	// Servers are the name servers that the guest can reach too.
	Servers []net.IP
	// Search are the domains that are tried for short names.
	Search []string
}

// ParseResolver reads a resolv.conf. Servers on the loopback are left out: there the guest would
// ask itself.
func ParseResolver(r io.Reader) Resolver {
	var out Resolver
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			if ip := net.ParseIP(fields[1]); ip != nil && !ip.IsLoopback() {
				out.Servers = append(out.Servers, ip)
			}
		case "search", "domain": // the last one counts
			out.Search = fields[1:]
		}
	}
	return out
}

// v4 returns the IPv4 servers.
func (r Resolver) v4() []net.IP {
	return slices.DeleteFunc(slices.Clone(r.Servers), func(ip net.IP) bool { return ip.To4() == nil })
}

// v6 returns the IPv6 servers.
func (r Resolver) v6() []net.IP {
	return slices.DeleteFunc(slices.Clone(r.Servers), func(ip net.IP) bool { return ip.To4() != nil })
}

// domain is the one searched first, which the guest takes for its own.
func (r Resolver) domain() string {
	if len(r.Search) == 0 {
		return ""
	}
	return strings.TrimSuffix(r.Search[0], ".")
}
