// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"sync"
	"time"
)

// spareTime is how long a stream that was opened ahead is kept. The server may close one that nobody reads, so an old
// one is no gift to who comes late.
const spareTime = 30 * time.Second

// Ahead opens one stream at once, which tells whether there can be any, and gives it to the first caller of the
// returned Open if that comes soon.
func Ahead(ctx context.Context, open Open) (Open, error) {
	return ahead(ctx, open, spareTime)
}

func ahead(ctx context.Context, open Open, keep time.Duration) (Open, error) {
	spare, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	take := func() *Conn {
		mu.Lock()
		defer mu.Unlock()
		taken := spare
		spare = nil
		return taken
	}
	drop := func() {
		if conn := take(); conn != nil {
			conn.Close()
		}
	}
	timer := time.AfterFunc(keep, drop)
	context.AfterFunc(ctx, drop)
	return func(ctx context.Context) (*Conn, error) {
		timer.Stop()
		if conn := take(); conn != nil {
			return conn, nil
		}
		return open(ctx)
	}, nil
}
