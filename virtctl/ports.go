// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"strconv"
	"strings"
)

// forwarded is one port of a guest and where it appears on this machine.
type forwarded struct {
	// protocol is tcp or udp.
	protocol string
	// local is 0 for any that is free.
	local, remote uint16
}

// String is how the guest's side is shown.
func (f forwarded) String() string { return fmt.Sprintf("%s/%d", f.protocol, f.remote) }

// parseForwarded reads [PROTOCOL/]LOCAL[:TARGET]; an empty LOCAL before a colon stands for any that is free.
func parseForwarded(text string) (forwarded, error) {
	f := forwarded{protocol: "tcp"}
	ports := text
	if protocol, rest, found := strings.Cut(text, "/"); found {
		f.protocol, ports = strings.ToLower(protocol), rest
	}
	if f.protocol != "tcp" && f.protocol != "udp" {
		return forwarded{}, fmt.Errorf("port %q: protocol %q is not supported; use tcp or udp", text, f.protocol)
	}
	local, remote, found := strings.Cut(ports, ":")
	if !found {
		remote = local
	}
	if found && local == "" {
		local = "0"
	}
	var err error
	if f.local, err = parsePort(local); err != nil {
		return forwarded{}, fmt.Errorf("port %q: %w", text, err)
	}
	if f.remote, err = parsePort(remote); err != nil {
		return forwarded{}, fmt.Errorf("port %q: %w", text, err)
	}
	if f.remote == 0 {
		return forwarded{}, fmt.Errorf("port %q: a guest has no port 0; name one, as in 0:80", text)
	}
	return f, nil
}

func parsePort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no port; give a number from 1 to 65535", text)
	}
	return uint16(port), nil
}
