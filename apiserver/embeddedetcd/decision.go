// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"fmt"
	"slices"

	"go.etcd.io/etcd/client/pkg/v3/types"
)

// observation is all that a member knows before it starts.
type observation struct {
	ordinal int
	// data is nil without data.
	data     *identity
	restored bool
	// recorded is the cluster that holds the objects; 0 before there is one.
	recorded types.ID
	// peers are the members that answered.
	peers []status
}

type action string

const (
	// bootstrap begins a new cluster of one member.
	bootstrap action = "begin a new cluster"
	// resume starts with the data there is.
	resume action = "start with the data of the volume"
	// join has a peer add this member, which has no data.
	join action = "join the cluster"
	// rejoin is the same after giving up data that is of no use.
	rejoin action = "set the data aside and join the cluster"
	// wait asks again later.
	wait action = "wait"
	// claim records the data of the volume as the one that counts.
	claim action = "record the restored cluster"
	// refuse needs a person.
	refuse action = "refuse to start"
)

type decision struct {
	action action
	// via is the peer through which to join.
	via *status
	why string
}

// decide keeps two rules: nobody starts empty while there may be data elsewhere, and there is one cluster. Only the
// first member begins a cluster, and only when none was ever recorded.
func decide(o observation) decision {
	var live []status
	for _, peer := range o.peers {
		if peer.HasLeader && (o.recorded == 0 || peer.Cluster == o.recorded) {
			live = append(live, peer)
		}
	}
	if o.data == nil {
		return decideWithoutData(o, live)
	}
	if o.restored {
		return decideRestored(o)
	}
	if o.recorded != 0 && o.data.cluster != o.recorded {
		why := fmt.Sprintf("the volume holds data of cluster %s, which was replaced by cluster %s", o.data.cluster, o.recorded)
		if len(live) == 0 {
			return decision{action: wait, why: why + ", of which no member answers; start one that holds its data"}
		}
		return decision{action: rejoin, via: &live[0], why: why}
	}
	for i, peer := range live {
		if peer.Cluster != o.data.cluster {
			return decision{action: refuse, why: fmt.Sprintf("the volume holds data of cluster %s and member %s that of cluster %s, and nothing says which is right; "+
				"stop the one that is wrong and remove the directory etcd from its volume", o.data.cluster, peer.Name, peer.Cluster)}
		}
		if !slices.ContainsFunc(peer.Members, func(m member) bool { return m.ID == o.data.member }) {
			return decision{action: rejoin, via: &live[i], why: fmt.Sprintf("member %s was removed from the cluster", o.data.member)}
		}
	}
	return decision{action: resume, why: fmt.Sprintf("the volume holds data of member %s of cluster %s", o.data.member, o.data.cluster)}
}

// decideRestored has the others stop before the restored data is served: there must be one history at a time.
func decideRestored(o observation) decision {
	if o.recorded != o.data.cluster {
		return decision{action: claim, why: "the data was restored from a backup"}
	}
	for _, peer := range o.peers {
		if peer.HasLeader && peer.Cluster != o.data.cluster {
			return decision{action: wait, why: fmt.Sprintf("the data was restored from a backup, and member %s still serves what it replaces; it stops by itself", peer.Name)}
		}
	}
	return decision{action: resume, why: "the data was restored from a backup"}
}

func decideWithoutData(o observation, live []status) decision {
	switch {
	case len(live) > 0:
		return decision{action: join, via: &live[0], why: fmt.Sprintf("the volume is empty and member %s answers", live[0].Name)}
	case o.recorded != 0:
		return decision{action: wait, why: fmt.Sprintf("the volume is empty, but cluster %s holds objects and no member of it that has a leader answers; "+
			"start the members that have their volumes, or restore a backup (virt-apiserver restore)", o.recorded)}
	case len(o.peers) > 0:
		return decision{action: wait, why: fmt.Sprintf("the volume is empty and member %s, which has data, has no leader yet", o.peers[0].Name)}
	case o.ordinal == 0:
		return decision{action: bootstrap, why: "there was no cluster before"}
	default:
		return decision{action: wait, why: "the volume is empty, and the member with ordinal 0, which begins the cluster, does not answer yet"}
	}
}
