// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	// pingInterval keeps what lies between, such as ssh and load balancers, from dropping an idle connection.
	pingInterval = 20 * time.Second
	// maxSilence is for how many pings a side that answered one may be silent before it counts as gone.
	maxSilence = 3
	// writeTimeout is how long a side may refuse to take anything.
	writeTimeout = 30 * time.Second
	// maxUnread is how much of a guest's output a page may have before it, in bytes. A browser takes what comes and keeps
	// it all, so it has to say how far it is.
	maxUnread = 1 << 20
	// maxTyped caps one message of a page, and maxOutput one of the guest, in bytes.
	maxTyped  = 1 << 20
	maxOutput = 16 << 20
	// maxReason is how long the reason of a close may be, in bytes (RFC 6455).
	maxReason = 123

	// closeBroken tells a page that the connection with the guest broke, which is no end of the guest.
	closeBroken = 4000
)

// acknowledgement is what a page says of the output that it has shown so far, in bytes.
type acknowledgement struct {
	Shown int64 `json:"shown"`
}

// skipped tells a page of output that did not come, in bytes.
type skipped struct {
	Skipped uint64 `json:"skipped"`
}

// relay carries messages between a page and a guest.
type relay struct {
	browser, guest *websocket.Conn
	// paced tells that the page acknowledges. A screen does not: there the client asks for each picture.
	paced bool
	// mu guards shown, which is what the page has acknowledged, in bytes.
	mu    sync.Mutex
	shown int64
	// moved has an element when shown has changed.
	moved chan struct{}
}

func newRelay(browser, guest *websocket.Conn, paced bool) *relay {
	return &relay{browser: browser, guest: guest, paced: paced, moved: make(chan struct{}, 1)}
}

// run ends when either side does, or ctx, and then tells the other side.
func (r *relay) run(ctx context.Context) {
	ended := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.browser.SetReadLimit(maxTyped)
	r.guest.SetReadLimit(maxOutput)
	expectAnswers(r.browser)
	expectAnswers(r.guest)
	fromGuest, fromBrowser := make(chan error, 1), make(chan error, 1)
	go func() { fromGuest <- r.show(ctx) }()
	go func() { fromBrowser <- r.typed() }()
	go keepAlive(ctx, r.browser)
	go keepAlive(ctx, r.guest)
	select {
	case err := <-fromGuest:
		code, reason := farewell(err)
		say(r.browser, code, reason)
		say(r.guest, websocket.CloseNormalClosure, "")
	case <-fromBrowser:
		say(r.guest, websocket.CloseNormalClosure, "")
	case <-ended.Done():
		say(r.browser, websocket.CloseGoingAway, "virtctl has ended")
		say(r.guest, websocket.CloseNormalClosure, "")
	}
	r.browser.Close()
	r.guest.Close()
}

// show hands the guest's output to the page.
func (r *relay) show(ctx context.Context) error {
	var sent int64
	for {
		kind, output, err := r.guest.ReadMessage()
		if err != nil {
			return err
		}
		if kind == websocket.TextMessage {
			if err := r.tell(string(output)); err != nil {
				return err
			}
			continue
		}
		if err := r.room(ctx, sent); err != nil {
			return err
		}
		sent += int64(len(output))
		if err := r.browser.SetWriteDeadline(deadline()); err != nil {
			return err
		}
		if err := r.browser.WriteMessage(websocket.BinaryMessage, output); err != nil {
			return err
		}
	}
}

// tell passes on what a serial console says beside the output: "skipped BYTES", for which there was no time.
func (r *relay) tell(message string) error {
	count, found := strings.CutPrefix(message, "skipped ")
	n, err := strconv.ParseUint(count, 10, 64)
	if !found || err != nil {
		return nil
	}
	if err := r.browser.SetWriteDeadline(deadline()); err != nil {
		return err
	}
	return r.browser.WriteJSON(skipped{n})
}

// room waits until the page is not too far behind.
func (r *relay) room(ctx context.Context, sent int64) error {
	if !r.paced {
		return nil
	}
	for {
		r.mu.Lock()
		unread := sent - r.shown
		r.mu.Unlock()
		if unread < maxUnread {
			return nil
		}
		select {
		case <-r.moved:
			// Meanwhile nobody looked for the guest's answers to pings.
			if err := r.guest.SetReadDeadline(time.Time{}); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// acknowledge notes what the page has shown.
func (r *relay) acknowledge(message []byte) {
	var a acknowledgement
	if json.Unmarshal(message, &a) != nil {
		return
	}
	r.mu.Lock()
	r.shown = max(r.shown, a.Shown)
	r.mu.Unlock()
	select {
	case r.moved <- struct{}{}:
	default:
	}
}

// typed hands what the page sends to the guest. Text is for virtctl itself.
func (r *relay) typed() error {
	for {
		kind, keys, err := r.browser.ReadMessage()
		if err != nil {
			return err
		}
		if kind == websocket.TextMessage {
			r.acknowledge(keys)
			continue
		}
		if err := r.guest.SetWriteDeadline(deadline()); err != nil {
			return err
		}
		if err := r.guest.WriteMessage(websocket.BinaryMessage, keys); err != nil {
			return err
		}
	}
}

// expectAnswers has a side that answered one ping go on doing so. Not every server answers.
func expectAnswers(conn *websocket.Conn) {
	conn.SetPongHandler(func(string) error {
		return conn.SetReadDeadline(time.Now().Add(maxSilence * pingInterval))
	})
}

// keepAlive pings until ctx ends, and answers pings unasked: those of the other side are only seen while somebody reads.
func keepAlive(ctx context.Context, conn *websocket.Conn) {
	pings := time.NewTicker(pingInterval)
	defer pings.Stop()
	for {
		select {
		case <-pings.C:
			// Whoever reads finds out what is wrong.
			_ = conn.WriteControl(websocket.PingMessage, nil, deadline())
			_ = conn.WriteControl(websocket.PongMessage, nil, deadline())
		case <-ctx.Done():
			return
		}
	}
}

// farewell returns what to tell a page about the end of a guest's stream.
func farewell(err error) (code int, reason string) {
	var closed *websocket.CloseError
	if !errors.As(err, &closed) {
		return closeBroken, "the connection to the guest broke: " + err.Error()
	}
	switch closed.Code {
	case websocket.CloseNormalClosure, websocket.ClosePolicyViolation:
		return closed.Code, closed.Text
	case websocket.CloseAbnormalClosure, websocket.CloseNoStatusReceived:
		return closeBroken, "the connection to the guest broke"
	}
	return closeBroken, closed.Text
}

// say tells a side that this is the end.
func say(conn *websocket.Conn, code int, reason string) {
	for len(reason) > maxReason || !utf8.ValidString(reason) {
		reason = reason[:min(len(reason)-1, maxReason)]
	}
	// The connection goes either way.
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
}

func deadline() time.Time { return time.Now().Add(writeTimeout) }
