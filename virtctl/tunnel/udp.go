// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// maxDatagram is the largest that UDP carries, in bytes.
	maxDatagram = 65507
	// flowIdle ends the stream of a sender that neither sends nor gets anything; what it sends later opens another one.
	flowIdle = 2 * time.Minute
	// maxFlows caps the senders that are served at once, and maxQueue the datagrams of one that wait for its stream.
	// What comes beyond is dropped, as networks do with datagrams.
	maxFlows = 200
	maxQueue = 64
)

// ServeUDP carries the datagrams of every sender to a stream of its own, and answers back to it, until ctx ends. It
// closes conn.
func ServeUDP(ctx context.Context, conn net.PacketConn, open Open, report Report) error {
	return serveUDP(ctx, conn, open, report, flowIdle)
}

func serveUDP(ctx context.Context, conn net.PacketConn, open Open, report Report, idle time.Duration) error {
	f := &flows{conn: conn, open: open, report: report, idle: idle, queues: map[string]chan []byte{}}
	defer f.running.Wait()
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	buffer := make([]byte, maxDatagram)
	for {
		n, sender, err := conn.ReadFrom(buffer)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("receive datagram: %w", err)
		}
		if err != nil {
			// An answer that did not reach its receiver comes back as the error of some later read.
			continue
		}
		f.take(ctx, sender, append([]byte(nil), buffer[:n]...))
	}
}

// flows are the senders of one local port.
type flows struct {
	conn   net.PacketConn
	open   Open
	report Report
	idle   time.Duration

	running sync.WaitGroup
	// mu guards queues: what each sender's stream has still to take.
	mu     sync.Mutex
	queues map[string]chan []byte
}

// take queues a datagram for its sender's stream, and begins that stream with the first one.
func (f *flows) take(ctx context.Context, sender net.Addr, datagram []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	queue := f.queues[sender.String()]
	if queue == nil {
		if len(f.queues) >= maxFlows {
			return
		}
		queue = make(chan []byte, maxQueue)
		f.queues[sender.String()] = queue
		f.running.Go(func() {
			err := f.serve(ctx, sender, queue)
			f.retire(sender, queue, true)
			if err != nil && ctx.Err() == nil {
				f.report(sender, err)
			}
		})
	}
	select {
	case queue <- datagram:
	default:
	}
}

// retire ends the queue of a sender, so that what it sends next opens another stream. Unless it has to be, a queue with
// something in it is not ended.
func (f *flows) retire(sender net.Addr, queue chan []byte, must bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(queue) > 0 && !must {
		return false
	}
	if f.queues[sender.String()] == queue {
		delete(f.queues, sender.String())
	}
	return true
}

// serve carries one sender's datagrams until none has come or gone for a while.
func (f *flows) serve(ctx context.Context, sender net.Addr, queue chan []byte) error {
	stream, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	answered, received := make(chan struct{}, 1), make(chan error, 1)
	go func() { received <- f.answer(stream, sender, answered) }()
	quiet := time.NewTimer(f.idle)
	defer quiet.Stop()
	for {
		select {
		case datagram := <-queue:
			if _, err := stream.Write(datagram); err != nil {
				stream.Close()
				if cause := <-received; cause != nil {
					return cause
				}
				return err
			}
		case <-answered:
		case err := <-received:
			return err
		case <-quiet.C:
			if !f.retire(sender, queue, false) {
				break
			}
			stream.Close()
			<-received
			return nil
		case <-ctx.Done():
			stream.Close()
			<-received
			return ctx.Err()
		}
		quiet.Reset(f.idle)
	}
}

// answer returns to a sender what comes back.
func (f *flows) answer(stream *Conn, sender net.Addr, answered chan<- struct{}) error {
	buffer := make([]byte, maxDatagram)
	for {
		n, err := stream.ReadMessage(buffer)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		// A sender that does not listen any more is none of the stream's concern.
		_, _ = f.conn.WriteTo(buffer[:n], sender)
		select {
		case answered <- struct{}{}:
		default:
		}
	}
}
