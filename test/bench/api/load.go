// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
)

// load is what many clients saw.
type load struct {
	// rate is in requests per second.
	rate float64
	// latencies are in milliseconds.
	latencies series
}

// drive has the clients share the requests from first to last, each sending one after another.
func drive(ctx context.Context, clients []*rest.RESTClient, first, last int, do func(ctx context.Context, client *rest.RESTClient, i int) error) (load, error) {
	var next atomic.Int64
	next.Store(int64(first))
	var mu sync.Mutex
	var l load
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for _, client := range clients {
		group.Go(func() error {
			var own series
			for i := int(next.Add(1)) - 1; i < last; i = int(next.Add(1)) - 1 {
				sent := time.Now()
				if err := do(ctx, client, i); err != nil {
					return err
				}
				own = append(own, milliseconds(time.Since(sent)))
			}
			mu.Lock()
			defer mu.Unlock()
			l.latencies = append(l.latencies, own...)
			return nil
		})
	}
	err := group.Wait()
	l.rate = float64(last-first) / time.Since(began).Seconds()
	return l, err
}

// connect has each client open its connection, which no measured request shall pay for.
func connect(ctx context.Context, clients []*rest.RESTClient) error {
	for _, client := range clients {
		if err := client.Get().AbsPath("/livez").Do(ctx).Error(); err != nil {
			return fail("connect", err)
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// addLoad notes a rate and the latencies behind it.
func (c *column) addLoad(what string, l load) {
	c.add(what, l.rate)
	c.add(what+": latency", l.latencies...)
}
