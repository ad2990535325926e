// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/userdata"
)

const (
	// tableName is the table of each family; there is nothing else of ours in the namespace.
	tableName = "virtplane"
	// rulesVersion changes when the rules do, so that a newer plugin replaces those of an older one.
	rulesVersion = 1
)

// translation is the rules of one family.
type translation struct {
	family nftables.TableFamily
	nat    uint32
	pair   pair
	ports  []port
}

// translate makes the rules of the plan: the guest speaks with the pod's address, and what
// reaches the pod reaches the guest.
func translate(wanted *plan) error {
	conn, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return fmt.Errorf("open nftables: %w", err)
	}
	defer conn.CloseLasting()
	families := []translation{{nftables.TableFamilyIPv4, familyIPv4, wanted.v4, wanted.ports}}
	if wanted.v6.guest.IsValid() {
		families = append(families, translation{nftables.TableFamilyIPv6, familyIPv6, wanted.v6, wanted.ports})
	}
	write := false
	for _, t := range families {
		chains := t.chains()
		state, err := t.inspect(conn, chains)
		if err != nil {
			return err
		}
		if state == current {
			continue
		}
		write = true
		if err := t.write(conn, chains, state == outdated); err != nil {
			return err
		}
	}
	if !write {
		return nil
	}
	// One transaction for all: between the old rules and the new ones no packet passes
	// untranslated, and the kernel waits only once for those that are under way.
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("write nftables rules: %w", err)
	}
	return nil
}

// write adds the table to the transaction of conn, in place of an outdated one.
func (t translation) write(conn *nftables.Conn, chains []chain, replace bool) error {
	table := &nftables.Table{Name: tableName, Family: t.family}
	if replace {
		conn.DelTable(table)
	}
	conn.AddTable(table)
	for _, c := range chains {
		policy := nftables.ChainPolicyAccept
		chain := conn.AddChain(&nftables.Chain{
			Name: c.name, Table: table, Type: c.kind, Hooknum: c.hook, Priority: c.priority, Policy: &policy,
		})
		for _, build := range c.rules {
			expressions, err := build(conn, table)
			if err != nil {
				return fmt.Errorf("make nftables rule: %w", err)
			}
			conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: expressions, UserData: t.mark()})
		}
	}
	return nil
}

// condition is that of a table in the kernel.
type condition int

const (
	absent condition = iota
	outdated
	current
)

// inspect tells whether each chain holds as many rules as it should, all with our mark.
func (t translation) inspect(conn *nftables.Conn, chains []chain) (condition, error) {
	tables, err := conn.ListTablesOfFamily(t.family)
	if err != nil {
		return absent, fmt.Errorf("list nftables tables: %w", err)
	}
	i := slices.IndexFunc(tables, func(x *nftables.Table) bool { return x.Name == tableName })
	if i < 0 {
		return absent, nil
	}
	mark := t.mark()
	for _, c := range chains {
		rules, err := conn.GetRules(tables[i], &nftables.Chain{Name: c.name})
		if err != nil {
			return absent, fmt.Errorf("list nftables rules: %w", err)
		}
		if len(rules) != len(c.rules) {
			return outdated, nil
		}
		for _, rule := range rules {
			if !slices.Equal(rule.UserData, mark) {
				return outdated, nil
			}
		}
	}
	return current, nil
}

// mark is a comment on every rule that tells these rules from those of another plan.
func (t translation) mark() []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %v %v", rulesVersion, t.pair, t.ports))
	return userdata.AppendString(nil, userdata.TypeComment, "virtplane "+hex.EncodeToString(sum[:8]))
}

func (t translation) guest() netip.Addr   { return t.pair.guest.Addr() }
func (t translation) gateway() netip.Addr { return t.pair.gateway.Addr() }
