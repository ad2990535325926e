// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/launcher/session"
)

// keepAlive finds out that a guest is gone which has not said so.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}

// Dial connects with a port of the guest behind nic, from inside the pod's namespace; protocol is tcp or
// udp. It reaches the guest and nothing else: the address is the one that was plumbed for it, and the
// socket is bound to the bridge that the guest is at. Its errors are for the guest's owner.
func (n *Namespace) Dial(ctx context.Context, protocol string, nic session.Interface, port uint16) (net.Conn, error) {
	address, err := addressOf(nic)
	if err != nil {
		return nil, err
	}
	file, err := n.socket(protocol, address, nic.Bridge)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := connect(ctx, file, sockaddr(address, port)); err != nil {
		return nil, explainDial(err, protocol, address, port)
	}
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("connect with the guest: %w", err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetKeepAliveConfig(keepAlive); err != nil {
			conn.Close()
			return nil, fmt.Errorf("connect with the guest: %w", err)
		}
	}
	return conn, nil
}

// addressOf returns the address that DHCP gives the guest. The owner of a guest chooses its network, so
// what no guest can have is refused here once more.
func addressOf(nic session.Interface) (netip.Addr, error) {
	text := nic.Address
	if text == "" {
		text = nic.AddressV6
	}
	if text == "" || nic.Bridge == "" {
		return netip.Addr{}, fmt.Errorf("the address of the guest on interface %q is not known", nic.Name)
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("the address of the guest on interface %q: %w", nic.Name, err)
	}
	address := prefix.Addr()
	if !address.IsGlobalUnicast() || address.Is4In6() || address.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("the guest's address %s on interface %q cannot be reached; set spec.networks[].pod.vmNetworkCIDR to a private network",
			address, nic.Name)
	}
	return address, nil
}

// socket returns a socket of the namespace that sends through bridge alone. Only making it needs a thread
// inside; a guest that does not answer holds none.
func (n *Namespace) socket(protocol string, address netip.Addr, bridge string) (*os.File, error) {
	family, kind := unix.AF_INET6, unix.SOCK_STREAM
	if address.Is4() {
		family = unix.AF_INET
	}
	switch protocol {
	case "tcp":
	case "udp":
		kind = unix.SOCK_DGRAM
	default:
		return nil, fmt.Errorf("protocol %q is not supported; use tcp or udp", protocol)
	}
	fd := -1
	err := n.Do(func() (err error) {
		if fd, err = unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
			return fmt.Errorf("make socket: %w", err)
		}
		if err = unix.BindToDevice(fd, bridge); err != nil {
			unix.Close(fd)
			return fmt.Errorf("bind socket to %s: %w", bridge, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "guest"), nil
}

func sockaddr(address netip.Addr, port uint16) unix.Sockaddr {
	if address.Is4() {
		return &unix.SockaddrInet4{Addr: address.As4(), Port: int(port)}
	}
	return &unix.SockaddrInet6{Addr: address.As16(), Port: int(port)}
}

// connect connects a socket that does not block, and waits for that until ctx ends.
func connect(ctx context.Context, socket *os.File, to unix.Sockaddr) error {
	unblock := context.AfterFunc(ctx, func() { socket.SetDeadline(time.Now()) })
	defer unblock()
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	begun := false
	var failure error
	err = raw.Write(func(fd uintptr) bool {
		if !begun {
			begun = true
			failure = unix.Connect(int(fd), to)
			return !errors.Is(failure, unix.EINPROGRESS)
		}
		code, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		switch {
		case err != nil:
			failure = err
		case code != 0:
			failure = syscall.Errno(code)
		default:
			// A socket that is not connected yet may count as writable as well.
			_, failure = unix.Getpeername(int(fd))
			return !errors.Is(failure, unix.ENOTCONN)
		}
		return true
	})
	return errors.Join(err, failure)
}

// explainDial says what a failed connection means for the guest.
func explainDial(err error, protocol string, address netip.Addr, port uint16) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, unix.ETIMEDOUT):
		return fmt.Errorf("timeout: the guest does not answer on %s port %d; is it up, and does its firewall let the port through?", protocol, port)
	case errors.Is(err, unix.ECONNREFUSED):
		return fmt.Errorf("connection refused: nothing listens on port %d of the guest", port)
	case errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.ENETUNREACH):
		return fmt.Errorf("no route to the guest: nobody answers at %s; its network is not up", address)
	}
	return fmt.Errorf("connect with port %d of the guest: %w", port, err)
}
