// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"strings"
	"testing"

	"go.etcd.io/etcd/client/pkg/v3/types"
)

func TestDecisionBeforeTheStart(t *testing.T) {
	answers := func(name string, cluster types.ID, leader bool, members ...types.ID) status {
		s := status{Name: name, Cluster: cluster, HasLeader: leader}
		for _, id := range members {
			s.Members = append(s.Members, member{ID: id})
		}
		return s
	}
	healthy := answers("a-1", 7, true, 1, 2)
	for _, c := range []struct {
		name string
		o    observation
		want action
		why  string
	}{
		{"first start of the first member", observation{}, bootstrap, ""},
		{"first start of another member", observation{ordinal: 1}, wait, "ordinal 0"},
		{"another member once the first serves", observation{ordinal: 1, peers: []status{healthy}}, join, "a-1"},
		{"first start of the first member, the record was lost", observation{peers: []status{healthy}}, join, "a-1"},
		{"the same while that has no leader", observation{peers: []status{answers("a-1", 7, false, 1)}}, wait, "no leader"},

		{"lost volume of the first member", observation{recorded: 7, peers: []status{healthy}}, join, "a-1"},
		{"lost volume and nobody answers", observation{recorded: 7}, wait, "restore a backup"},
		{"lost volume and no quorum", observation{recorded: 7, peers: []status{answers("a-1", 7, false, 1)}}, wait, "restore a backup"},
		{"lost volume and only members of a replaced cluster", observation{recorded: 8, peers: []status{healthy}}, wait, "restore a backup"},

		{"restart", observation{data: &identity{7, 1}, recorded: 7, peers: []status{healthy}}, resume, "member 1"},
		{"restart of all", observation{data: &identity{7, 1}, recorded: 7}, resume, ""},
		{"restart without a record", observation{data: &identity{7, 1}}, resume, ""},
		{"restart beside a peer without quorum", observation{data: &identity{7, 3}, recorded: 7, peers: []status{answers("a-1", 7, false, 1)}}, resume, ""},
		{"back after it was removed", observation{data: &identity{7, 3}, recorded: 7, peers: []status{healthy}}, rejoin, "removed"},

		{"restored", observation{data: &identity{9, 1}, restored: true, recorded: 7, peers: []status{healthy}}, claim, "restored"},
		{"restored, others do not know yet", observation{data: &identity{9, 1}, restored: true, recorded: 9, peers: []status{healthy}}, wait, "a-1 still serves"},
		{"restored, others have stopped", observation{data: &identity{9, 1}, restored: true, recorded: 9}, resume, "restored"},
		{"others after a restore", observation{data: &identity{7, 2}, recorded: 9, peers: []status{answers("a-0", 9, true, 1)}}, rejoin, "replaced"},
		{"others after a restore, before it serves", observation{data: &identity{7, 2}, recorded: 9, peers: []status{healthy}}, wait, "replaced"},
		{"two clusters and no record", observation{data: &identity{6, 1}, peers: []status{healthy}}, refuse, "nothing says which"},
	} {
		got := decide(c.o)
		if got.action != c.want || !strings.Contains(got.why, c.why) {
			t.Errorf("%s: %s because %s; want %s because of %q", c.name, got.action, got.why, c.want, c.why)
		}
		if (got.via != nil) != (got.action == join || got.action == rejoin) {
			t.Errorf("%s: %s via %v", c.name, got.action, got.via)
		}
	}
}
