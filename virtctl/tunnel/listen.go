// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// loopbacks are the addresses of localhost, of which a machine may lack one.
var loopbacks = []string{"127.0.0.1", "::1"}

// hosts returns the addresses to listen on for one that the user has given.
func hosts(address string) []string {
	if address == "localhost" {
		return loopbacks
	}
	return []string{address}
}

// ListenTCP listens on all addresses. Port 0 stands for a free one, the same on every address.
func ListenTCP(ctx context.Context, addresses []string, port uint16) ([]net.Listener, error) {
	var listeners []net.Listener
	listen := func(host string) (net.Addr, error) {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", join(host, port))
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, listener)
		return listener.Addr(), nil
	}
	if err := onAll(addresses, &port, listen); err != nil {
		for _, listener := range listeners {
			listener.Close()
		}
		return nil, err
	}
	return listeners, nil
}

// ListenUDP is ListenTCP for datagrams.
func ListenUDP(ctx context.Context, addresses []string, port uint16) ([]net.PacketConn, error) {
	var conns []net.PacketConn
	listen := func(host string) (net.Addr, error) {
		conn, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", join(host, port))
		if err != nil {
			return nil, err
		}
		conns = append(conns, conn)
		return conn.LocalAddr(), nil
	}
	if err := onAll(addresses, &port, listen); err != nil {
		for _, conn := range conns {
			conn.Close()
		}
		return nil, err
	}
	return conns, nil
}

// onAll calls listen for every address, and sets port to the first that it got.
func onAll(addresses []string, port *uint16, listen func(host string) (net.Addr, error)) error {
	for _, address := range addresses {
		var first error
		served := false
		for _, host := range hosts(address) {
			at, err := listen(host)
			if err != nil {
				if first == nil {
					first = err
				}
				continue
			}
			served = true
			*port = PortOf(at)
		}
		if !served {
			return refused(address, *port, first)
		}
	}
	return nil
}

// refused tells why there is no listening on an address, and what to do.
func refused(address string, port uint16, err error) error {
	at := join(address, port)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen on %s: something else listens there; choose another local port, or 0 for any that is free", at)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("listen on %s: only the superuser may listen on ports below 1024; choose another local port, or 0 for any that is free", at)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("listen on %s: it is not an address of this machine", at)
	}
	return fmt.Errorf("listen on %s: %w", at, err)
}

func join(host string, port uint16) string { return net.JoinHostPort(host, strconv.Itoa(int(port))) }

// PortOf returns the port of an address.
func PortOf(address net.Addr) uint16 {
	switch a := address.(type) {
	case *net.TCPAddr:
		return uint16(a.Port)
	case *net.UDPAddr:
		return uint16(a.Port)
	}
	return 0
}
