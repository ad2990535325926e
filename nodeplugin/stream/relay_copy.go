// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

var errGuestFailed = errors.New("the connection with the guest broke")

// buffers hold what clients send: most are silent most of the time, and need none then.
var buffers = sync.Pool{New: func() any { return new([maxDatagram]byte) }}

// toClient copies what the guest says. It returns io.EOF when the guest has said all.
func (r *relay) toClient() error {
	size := relayBuffer
	if r.idle > 0 {
		size = maxDatagram
	}
	buffer := make([]byte, size)
	r.active()
	for {
		n, err := r.guest.Read(buffer)
		if n > 0 || err == nil {
			r.active()
			r.meter.fromGuest(n)
			_ = r.client.SetWriteDeadline(time.Now().Add(r.stall))
			if err := r.client.WriteMessage(websocket.BinaryMessage, buffer[:n]); err != nil {
				return errors.Join(errClientGone, err)
			}
		}
		switch {
		case err == nil, r.idle > 0 && unheard(err):
		case errors.Is(err, io.EOF):
			return io.EOF
		case r.idle > 0 && errors.Is(err, os.ErrDeadlineExceeded):
			return ending{websocket.CloseNormalClosure, fmt.Sprintf("no datagram for %s", r.idle)}
		default:
			return errors.Join(errGuestFailed, err)
		}
	}
}

// active notes that a datagram has come or gone.
func (r *relay) active() {
	if r.idle > 0 {
		r.guest.SetReadDeadline(time.Now().Add(r.idle))
	}
}

// unheard tells that a datagram did not find its way. The guest may listen for the next one.
func unheard(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

// toGuest copies what the client says, until the client ends.
func (r *relay) toGuest() error {
	alive := func(string) error { return r.client.SetReadDeadline(time.Now().Add(r.pace.pong)) }
	r.client.SetPongHandler(alive)
	if r.idle > 0 {
		r.client.SetReadLimit(maxDatagram)
	}
	var to io.Writer = r.guest
	for {
		// Also after what the guest took long to accept: no pong was read meanwhile.
		_ = alive("")
		kind, message, err := r.client.NextReader()
		if err != nil {
			return errors.Join(errClientGone, err)
		}
		if kind != websocket.BinaryMessage {
			continue
		}
		if r.idle > 0 {
			err = r.send(message)
		} else {
			err = r.copy(to, message)
		}
		switch {
		case errors.Is(err, errGuestFailed):
			// What the guest has said before may still be on its way to the client: its end ends the stream.
			to = nil
		case err != nil:
			return err
		}
	}
}

// copy writes a message to the guest piece by piece; it drops it where there is no guest any more.
func (r *relay) copy(guest io.Writer, message io.Reader) error {
	buffer := buffers.Get().(*[maxDatagram]byte)
	defer buffers.Put(buffer)
	for {
		n, err := message.Read(buffer[:relayBuffer])
		if n > 0 && guest != nil {
			r.meter.toGuest(n)
			if _, err := guest.Write(buffer[:n]); err != nil {
				return errors.Join(errGuestFailed, err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(errClientGone, err)
		}
	}
}

// send makes one datagram of a message.
func (r *relay) send(message io.Reader) error {
	buffer := buffers.Get().(*[maxDatagram]byte)
	defer buffers.Put(buffer)
	n, err := io.ReadFull(message, buffer[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.Join(errClientGone, err)
	}
	r.active()
	r.meter.toGuest(n)
	if _, err := r.guest.Write(buffer[:n]); errors.Is(err, net.ErrClosed) {
		return errors.Join(errGuestFailed, err)
	}
	// Other errors are those of datagrams sent before, or of this one: UDP loses some.
	return nil
}
