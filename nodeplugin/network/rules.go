// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

const (
	familyIPv4  = unix.NFPROTO_IPV4
	familyIPv6  = unix.NFPROTO_IPV6
	protocolTCP = unix.IPPROTO_TCP
	protocolUDP = unix.IPPROTO_UDP
	register    = 1
	loopback    = 127
)

// rule builds the expressions of a rule; it may add the sets that they look up.
type rule func(*nftables.Conn, *nftables.Table) ([]expr.Any, error)

// chain is a chain and its rules.
type chain struct {
	name     string
	kind     nftables.ChainType
	hook     *nftables.ChainHook
	priority *nftables.ChainPriority
	rules    []rule
}

// chains returns what the table of t holds.
func (t translation) chains() []chain {
	v4 := t.family == nftables.TableFamilyIPv4
	fromGuest, toGuest := iif(bridgeName), t.dnat()
	raw := chain{"raw", nftables.ChainTypeFilter, nftables.ChainHookPrerouting, nftables.ChainPriorityRaw, nil}
	forward := chain{"forward", nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter, []rule{
		// The guest has one address; no other one may leave the pod in its name.
		plain(fromGuest, t.source(expr.CmpOpNeq, t.guest()), drop()),
	}}
	prerouting := chain{"prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest,
		t.toPorts(iif(podInterface), toGuest)}
	output := chain{"output", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest, nil}
	postrouting := chain{"postrouting", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource, []rule{
		plain(oif(podInterface), t.source(expr.CmpOpEq, t.guest()), []expr.Any{&expr.Masq{}}),
	}}
	if v4 {
		// The bridge accepts loopback addresses for the answers to the rule below; what the guest
		// itself sends there is dropped before the answers are translated back.
		raw.rules = []rule{plain(fromGuest, loopbackAddress(destinationIPv4), drop())}
		// kubectl port-forward dials 127.0.0.1 in the pod. IPv6 has no such routing.
		output.rules = t.toPorts(t.destination(netip.AddrFrom4([4]byte{loopback, 0, 0, 1})), toGuest)
		postrouting.rules = append(postrouting.rules,
			plain(oif(bridgeName), loopbackAddress(sourceIPv4), t.snat()))
	}
	all := []chain{raw, prerouting, output, postrouting, forward}
	return slices.DeleteFunc(all, func(c chain) bool { return len(c.rules) == 0 })
}

// toPorts returns the rules that apply verdict to what matches and goes to one of the ports, or to
// any when there are none.
func (t translation) toPorts(match, verdict []expr.Any) []rule {
	if len(t.ports) == 0 {
		return []rule{plain(match, verdict)}
	}
	var rules []rule
	for _, protocol := range []byte{protocolTCP, protocolUDP} {
		var keys []nftables.SetElement
		for _, p := range t.ports {
			key := nftables.SetElement{Key: binary.BigEndian.AppendUint16(nil, p.number)}
			same := func(e nftables.SetElement) bool { return slices.Equal(e.Key, key.Key) }
			if p.protocol == protocol && !slices.ContainsFunc(keys, same) {
				keys = append(keys, key)
			}
		}
		if len(keys) == 0 {
			continue
		}
		rules = append(rules, func(conn *nftables.Conn, table *nftables.Table) ([]expr.Any, error) {
			set := &nftables.Set{Table: table, Anonymous: true, Constant: true, KeyType: nftables.TypeInetService}
			if err := conn.AddSet(set, keys); err != nil {
				return nil, err
			}
			lookup := []expr.Any{
				&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register},
				&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{protocol}},
				&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
				&expr.Lookup{SourceRegister: register, SetName: set.Name, SetID: set.ID},
			}
			return slices.Concat(match, lookup, verdict), nil
		})
	}
	return rules
}

func plain(parts ...[]expr.Any) rule {
	return func(*nftables.Conn, *nftables.Table) ([]expr.Any, error) { return slices.Concat(parts...), nil }
}

func iif(name string) []expr.Any { return interfaceIs(expr.MetaKeyIIFNAME, name) }
func oif(name string) []expr.Any { return interfaceIs(expr.MetaKeyOIFNAME, name) }

func interfaceIs(key expr.MetaKey, name string) []expr.Any {
	data := make([]byte, unix.IFNAMSIZ)
	copy(data, name)
	return []expr.Any{
		&expr.Meta{Key: key, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: data},
	}
}

func drop() []expr.Any { return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}} }

// Offsets of addresses in the IP headers.
const (
	sourceIPv4      = 12
	destinationIPv4 = 16
	sourceIPv6      = 8
	destinationIPv6 = 24
)

func (t translation) source(op expr.CmpOp, address netip.Addr) []expr.Any {
	if t.family == nftables.TableFamilyIPv4 {
		return addressIs(op, sourceIPv4, address)
	}
	return addressIs(op, sourceIPv6, address)
}

func (t translation) destination(address netip.Addr) []expr.Any {
	if t.family == nftables.TableFamilyIPv4 {
		return addressIs(expr.CmpOpEq, destinationIPv4, address)
	}
	return addressIs(expr.CmpOpEq, destinationIPv6, address)
}

func addressIs(op expr.CmpOp, offset uint32, address netip.Addr) []expr.Any {
	data := address.AsSlice()
	return []expr.Any{
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(len(data))},
		&expr.Cmp{Op: op, Register: register, Data: data},
	}
}

// loopbackAddress matches 127.0.0.0/8 by its first byte.
func loopbackAddress(offset uint32) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{loopback}},
	}
}

func (t translation) dnat() []expr.Any { return t.translateTo(expr.NATTypeDestNAT, t.guest()) }
func (t translation) snat() []expr.Any { return t.translateTo(expr.NATTypeSourceNAT, t.gateway()) }

func (t translation) translateTo(kind expr.NATType, address netip.Addr) []expr.Any {
	return []expr.Any{
		&expr.Immediate{Register: register, Data: address.AsSlice()},
		&expr.NAT{Type: kind, Family: t.nat, RegAddrMin: register},
	}
}
