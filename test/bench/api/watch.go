// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	// pacedWrites are sent one in pace each, so that a delay is not that of a queue.
	pacedWrites = 100
	pace        = 50 * time.Millisecond
	// burstWrites are sent as fast as eight clients can.
	burstWrites = 300
)

// watch has many watchers follow changes. They count what arrives and do not decode it: they stand for
// programs on other machines.
func (b *bench) watch(ctx context.Context, c *column) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	writers, err := c.clients(few)
	if err != nil {
		return err
	}
	list := c.list()
	if err := writers[0].Get().Resource(c.resource).VersionedParams(&metav1.ListOptions{Limit: 1}, metav1.ParameterCodec).Do(ctx).Into(list); err != nil {
		return fail("list", err)
	}
	from, err := meta.NewAccessor().ResourceVersion(list)
	if err != nil {
		return err
	}
	streams, err := b.openWatches(ctx, c, from)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range streams {
			s.Close()
		}
	}()
	// Events arrive in the order of the writes, which a single writer makes.
	sent := make([]time.Time, pacedWrites)
	if err := follow(streams, c.config.ContentType, pacedWrites, func() error {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for i := range sent {
			<-tick.C
			sent[i] = time.Now()
			if err := b.patchStatus(ctx, c, writers[0], i); err != nil {
				return err
			}
		}
		return nil
	}, func(n int, at time.Time) { c.add("watch delay", milliseconds(at.Sub(sent[n]))) }); err != nil {
		return err
	}
	began, last := time.Now(), time.Now()
	if err := follow(streams, c.config.ContentType, burstWrites, func() error {
		_, err := drive(ctx, writers, pacedWrites, pacedWrites+burstWrites, func(ctx context.Context, client *rest.RESTClient, i int) error {
			return b.patchStatus(ctx, c, client, i)
		})
		return err
	}, func(_ int, at time.Time) {
		if at.After(last) {
			last = at
		}
	}); err != nil {
		return err
	}
	c.add("watch events", float64(b.watchers*burstWrites)/last.Sub(began).Seconds())
	return nil
}

// stream is the body of a watch.
type stream struct {
	io.Closer
	*bufio.Reader
}

// openWatches opens the watches, each over a connection of its own.
func (b *bench) openWatches(ctx context.Context, c *column, from string) ([]stream, error) {
	clients, err := c.clients(b.watchers)
	if err != nil {
		return nil, err
	}
	var streams []stream
	for _, client := range clients {
		body, err := client.Get().Resource(c.resource).
			VersionedParams(&metav1.ListOptions{Watch: true, ResourceVersion: from}, metav1.ParameterCodec).Stream(ctx)
		if err != nil {
			return nil, fail("open watch", err)
		}
		streams = append(streams, stream{body, bufio.NewReaderSize(body, 64<<10)})
	}
	return streams, nil
}

// follow does the writes and returns when each stream has brought as many events; received learns of each.
func follow(streams []stream, encoding string, events int, write func() error, received func(n int, at time.Time)) error {
	var mu sync.Mutex
	var group errgroup.Group
	group.Go(write)
	for _, s := range streams {
		group.Go(func() error {
			times := make([]time.Time, events)
			for n := range times {
				if err := skipEvent(s.Reader, encoding); err != nil {
					return fmt.Errorf("read event %d: %w", n, err)
				}
				times[n] = time.Now()
			}
			mu.Lock()
			defer mu.Unlock()
			for n, at := range times {
				received(n, at)
			}
			return nil
		})
	}
	return group.Wait()
}

// skipEvent reads one event: a line of JSON, or a length of four bytes and as much protobuf.
func skipEvent(r *bufio.Reader, encoding string) error {
	if encoding == protobufType {
		var length uint32
		if err := binary.Read(r, binary.BigEndian, &length); err != nil {
			return err
		}
		_, err := r.Discard(int(length))
		return err
	}
	for {
		_, err := r.ReadSlice('\n')
		if err != bufio.ErrBufferFull {
			return err
		}
	}
}
