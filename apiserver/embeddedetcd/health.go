// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"errors"
	"fmt"
	"net/http"
)

// maxLag is how many writes a member may have yet to apply while it counts as ready: about a second's worth.
const maxLag = 2000

// Name names the check of readiness.
func (e *Etcd) Name() string { return "etcd-member" }

// Check tells whether requests are well served by this member, or should rather go to another replica.
func (e *Etcd) Check(*http.Request) error {
	select {
	case <-e.Done():
		return errors.New("the etcd member has stopped")
	default:
	}
	server := e.server.Server
	m := server.Cluster().Member(server.MemberID())
	switch {
	case m == nil:
		return errors.New("the etcd member was removed from its cluster; it joins anew when it restarts, if it is to be")
	case m.IsLearner:
		return errors.New("the etcd member has no vote yet: it catches up with the others")
	case server.Leader() == 0:
		voters := 0
		for _, m := range server.Cluster().Members() {
			if !m.IsLearner {
				voters++
			}
		}
		return fmt.Errorf("the etcd member has no leader: %d of %d members must run and reach each other", voters/2+1, voters)
	}
	if committed, applied := server.CommittedIndex(), server.AppliedIndex(); committed > applied+maxLag {
		return fmt.Errorf("the etcd member is %d writes behind", committed-applied)
	}
	return nil
}
