// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package csi

import (
	"context"
	"sync"
)

// locks lets one call at a time work on a volume. The kubelet gives up on a slow call and sends
// the next one while the first still runs.
type locks struct {
	mu sync.Mutex
	// held has a channel for each volume in work, closed when it is free again; mu guards it.
	held map[string]chan struct{}
}

// lock waits until no other call works on id. The caller calls the function that it returns.
func (l *locks) lock(ctx context.Context, id string) (func(), error) {
	for {
		l.mu.Lock()
		busy, taken := l.held[id]
		if !taken {
			mine := make(chan struct{})
			l.held[id] = mine
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				delete(l.held, id)
				close(mine)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
