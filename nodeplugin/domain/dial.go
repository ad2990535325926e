// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"errors"
	"net"
)

// ErrNoNetwork says that the guest has no NIC.
var ErrNoNetwork = errors.New("no network interfaces are present")

// Dial connects with a port of the guest, on its first NIC; protocol is tcp or udp. It goes through the
// network of the guest's pod and reaches the guest alone.
func (g *Guest) Dial(ctx context.Context, protocol string, port uint16) (net.Conn, error) {
	g.mu.Lock()
	l, facts := g.current, g.facts
	g.mu.Unlock()
	switch {
	case l == nil || len(facts.PodIPs) == 0: // without the latter the network is not plumbed yet
		return nil, ErrNotConnected
	case len(facts.Interfaces) == 0:
		return nil, ErrNoNetwork
	}
	conn, err := l.ns.Dial(ctx, protocol, facts.Interfaces[0], port)
	if err != nil {
		select {
		case <-l.done: // which has closed the namespace
			return nil, ErrNotConnected
		default:
		}
	}
	return conn, err
}
