// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	// maxConnections caps the connections that one listener serves at once; those beyond wait in the kernel's queue. It
	// leaves some of the 256 that a node forwards to one guest to others.
	maxConnections = 200
	// exhaustedPause is how long to wait for files to be closed when this process may open no more.
	exhaustedPause = 100 * time.Millisecond
)

// Open makes a stream for one local connection, or one sender of datagrams.
type Open func(context.Context) (*Conn, error)

// Report tells of the trouble of one local peer, which is no reason to end the others.
type Report func(peer net.Addr, err error)

// ServeTCP carries every connection of a listener to a stream of its own until ctx ends. It closes the listener.
func ServeTCP(ctx context.Context, listener net.Listener, open Open, report Report) error {
	var connections sync.WaitGroup
	defer connections.Wait()
	defer listener.Close()
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	places := make(chan struct{}, maxConnections)
	for {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		conn, err := accept(ctx, listener)
		if err != nil {
			return err
		}
		connections.Go(func() {
			defer func() { <-places }()
			if err := serve(ctx, conn, open); err != nil && ctx.Err() == nil {
				report(conn.RemoteAddr(), err)
			}
		})
	}
}

// accept waits for a connection, also through times in which no more files can be opened.
func accept(ctx context.Context, listener net.Listener) (net.Conn, error) {
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			return conn, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, syscall.ECONNABORTED):
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
			select {
			case <-time.After(exhaustedPause):
			case <-ctx.Done():
			}
		default:
			return nil, fmt.Errorf("accept connection: %w", err)
		}
	}
}

func serve(ctx context.Context, conn net.Conn, open Open) error {
	defer conn.Close()
	stream, err := open(ctx)
	if err != nil {
		return err
	}
	return Relay(ctx, conn, stream)
}
