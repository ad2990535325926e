// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// relayBuffer is how much of a stream is on its way in one direction, in bytes.
	relayBuffer = 32 << 10
	// maxDatagram is the largest that UDP carries, in bytes.
	maxDatagram = 65507
	// lastWords is how long each side may take to accept what the other has said last.
	lastWords = 2 * time.Second
)

// relayUpgrader accepts clients of the published API, and viewers in browsers, which ask for binary or
// for nothing.
var relayUpgrader = websocket.Upgrader{
	ReadBufferSize: 16 << 10, WriteBufferSize: relayBuffer + 64, WriteBufferPool: &sync.Pool{},
	Subprotocols: []string{subprotocol, "binary"},
	// The client is virt-apiserver, which has dealt with browsers.
	CheckOrigin: func(*http.Request) bool { return true },
}

// relay connects the websocket of a client with a guest: binary messages carry the bytes. It holds one
// buffer for each direction and reads no further until the other side has taken it.
type relay struct {
	client *websocket.Conn
	guest  net.Conn
	pace   pace
	// stall is how long a client may take to accept a message.
	stall time.Duration
	// idle is after how long without a datagram a flow of them ends. It is 0 for a stream of bytes; else
	// each message is a datagram.
	idle time.Duration
	// over is what a client is told when the guest has ended the stream.
	over  string
	meter meter
}

// ending is why a stream ends, as a client is told.
type ending struct {
	code   int
	reason string
}

// Error returns the reason.
func (e ending) Error() string { return e.reason }

var (
	errClientGone = errors.New("the client is gone")
	errRestart    = ending{websocket.CloseGoingAway, "the node plugin ends this stream; connect again"}
)

// run copies both ways until one side ends or outer does, whose cause may be an ending, and returns why.
// The caller closes both.
func (r *relay) run(outer context.Context) error {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	answered := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { cancel(r.toClient()) })
	running.Go(func() {
		defer close(answered)
		cancel(r.toGuest())
	})
	running.Go(func() {
		if err := r.ping(ctx); err != nil {
			cancel(err)
		}
	})
	<-ctx.Done()
	cause := context.Cause(ctx)
	r.guest.SetReadDeadline(time.Now())
	r.bye(cause)
	r.await(outer, answered, cause)
	r.client.Close()
	r.guest.SetDeadline(time.Now())
	if r.idle > 0 {
		r.guest.Close() // a datagram at the last moment may have set another deadline
	}
	running.Wait()
	if errors.Is(cause, errClientGone) {
		r.linger()
	}
	return cause
}

// await waits until the client has answered the close message: it may still be reading, and closing before
// could cost it what is on the way. One whose guest has ended gets the time to read all that it has said.
func (r *relay) await(outer context.Context, answered <-chan struct{}, cause error) {
	limit, leave := lastWords, outer.Done()
	if !errors.Is(cause, errClientGone) && (errors.Is(cause, io.EOF) || errors.Is(cause, errGuestFailed)) {
		limit = r.pace.pong
	}
	if outer.Err() != nil {
		leave = nil // that is why this stream ends
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-answered:
	case <-leave:
	case <-timer.C:
	}
}

// bye tells the client why its stream ends.
func (r *relay) bye(cause error) {
	var known ending
	switch {
	case errors.As(cause, &known):
	case errors.Is(cause, io.EOF):
		known = ending{websocket.CloseNormalClosure, r.over}
	case errors.Is(cause, errGuestFailed):
		known = ending{websocket.CloseInternalServerErr, "the connection with the guest broke"}
	default:
		known = errRestart
	}
	// A client that is gone cannot be told.
	_ = r.client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(known.code, known.reason), time.Now().Add(lastWords))
}

// linger lets the guest read to the end what the client has sent: closing a TCP connection on which
// something was not read would throw it away.
func (r *relay) linger() {
	guest, ok := r.guest.(interface{ CloseWrite() error })
	if !ok || guest.CloseWrite() != nil {
		return
	}
	if r.guest.SetReadDeadline(time.Now().Add(lastWords)) == nil {
		_, _ = io.Copy(io.Discard, struct{ io.Reader }{r.guest})
	}
}

// ping asks the client whether it is there, which also keeps proxies from closing an idle connection.
func (r *relay) ping(ctx context.Context) error {
	tick := time.NewTicker(r.pace.ping)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := r.client.WriteControl(websocket.PingMessage, nil, time.Now().Add(r.stall)); err != nil {
				return errors.Join(errClientGone, err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}
