// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/server4"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/dhcpv6/server6"
	"golang.org/x/net/ipv6"
)

// Server holds the sockets on which one guest is answered.
type Server struct {
	lease  *Lease
	v4, v6 net.PacketConn
}

// Listen opens the sockets, so that no request of the guest comes too early.
func Listen(lease *Lease) (*Server, error) {
	s := &Server{lease: lease}
	if lease.Address != nil {
		conn, err := server4.NewIPv4UDPConn(lease.Bridge, &net.UDPAddr{IP: net.IPv4zero, Port: dhcpv4.ServerPort})
		if err != nil {
			return nil, fmt.Errorf("listen for DHCP on %s: %w", lease.Bridge, err)
		}
		s.v4 = conn
	}
	if lease.AddressV6 != nil {
		conn, err := listenV6(lease.Bridge)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("listen for DHCPv6 on %s: %w", lease.Bridge, err)
		}
		s.v6 = conn
	}
	return s, nil
}

func listenV6(bridge string) (net.PacketConn, error) {
	link, err := net.InterfaceByName(bridge)
	if err != nil {
		return nil, err
	}
	conn, err := server6.NewIPv6UDPConn(bridge, &net.UDPAddr{IP: net.IPv6unspecified, Port: dhcpv6.DefaultServerPort})
	if err != nil {
		return nil, err
	}
	group := &net.UDPAddr{IP: dhcpv6.AllDHCPRelayAgentsAndServers}
	if err := ipv6.NewPacketConn(conn).JoinGroup(link, group); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// Close ends Run.
func (s *Server) Close() {
	for _, conn := range []net.PacketConn{s.v4, s.v6} {
		if conn != nil {
			conn.Close()
		}
	}
}

// Run answers the guest until ctx ends.
func (s *Server) Run(ctx context.Context) {
	defer context.AfterFunc(ctx, s.Close)()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if s.v6 != nil {
			serve(s.v6, s.answerV6)
		}
	}()
	if s.v4 != nil {
		serve(s.v4, s.answerV4)
	}
	<-done
}

type answerer func(packet []byte, from *net.UDPAddr) ([]byte, *net.UDPAddr)

// guarded answers a packet of a guest that may have made it to break the parser: that must not end
// the launcher.
func guarded(answer answerer, packet []byte, from *net.UDPAddr) (reply []byte, to *net.UDPAddr) {
	defer func() {
		if recover() != nil {
			reply, to = nil, nil
		}
	}()
	return answer(packet, from)
}

// serve answers packets one after the other, at most maxRequests of them in a second.
func serve(conn net.PacketConn, answer answerer) {
	buf := make([]byte, maxPacket)
	var second time.Time
	var count int
	for {
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		client, ok := from.(*net.UDPAddr)
		if err != nil || !ok {
			continue
		}
		if now := time.Now(); now.Sub(second) >= time.Second {
			second, count = now, 0
		}
		if count++; count > maxRequests {
			continue
		}
		if reply, to := guarded(answer, buf[:n], client); reply != nil {
			_, _ = conn.WriteTo(reply, to) // lost like any datagram: the guest asks again
		}
	}
}

func (s *Server) answerV4(packet []byte, from *net.UDPAddr) ([]byte, *net.UDPAddr) {
	request, err := dhcpv4.FromBytes(packet)
	if err != nil {
		return nil, nil
	}
	reply := s.lease.replyV4(request)
	if reply == nil {
		return nil, nil
	}
	// A guest without an address cannot be reached but by broadcast, which needs no raw socket.
	to := &net.UDPAddr{IP: net.IPv4bcast, Port: dhcpv4.ClientPort}
	if !request.ClientIPAddr.IsUnspecified() && !from.IP.IsUnspecified() && reply.MessageType() == dhcpv4.MessageTypeAck {
		to.IP = request.ClientIPAddr
	}
	return reply.ToBytes(), to
}

func (s *Server) answerV6(packet []byte, from *net.UDPAddr) ([]byte, *net.UDPAddr) {
	request, err := dhcpv6.MessageFromBytes(packet)
	if err != nil {
		return nil, nil
	}
	reply := s.lease.replyV6(request)
	if reply == nil {
		return nil, nil
	}
	return reply.ToBytes(), from
}
