// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// turnSeconds is when the turn of a member that is gone ends by itself.
const turnSeconds = int64(2 * defragTimeout / 1e9)

// turn lets one member of several be defragmented at a time: with two away, three have no majority. It
// returns false when it is the turn of another one, and else what gives the turn back.
func (m *Member) turn(ctx context.Context) (release func(), ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	list, err := m.client.MemberList(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("list members of etcd: %w", err)
	}
	if len(list.Members) == 1 {
		return func() {}, true, nil
	}
	lease, err := m.client.Grant(ctx, turnSeconds)
	if errors.Is(err, rpctypes.ErrNoSpace) {
		// Nobody writes anyway, and the sooner there is room the better.
		return func() {}, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("take turn: %w", err)
	}
	release = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		// When this fails the turn ends by itself.
		_, _ = m.client.Revoke(ctx, lease.ID)
	}
	key := m.prefix + "/defragmentation"
	answer, err := m.client.Txn(ctx).If(clientv3.Compare(clientv3.CreateRevision(key), "=", 0)).
		Then(clientv3.OpPut(key, "", clientv3.WithLease(lease.ID))).Commit()
	if err != nil {
		release()
		return nil, false, fmt.Errorf("take turn: %w", err)
	}
	if !answer.Succeeded {
		release()
		return nil, false, nil
	}
	return release, true, nil
}
