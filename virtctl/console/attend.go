// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// pingInterval keeps proxies and load balancers, which drop idle connections after a minute or so, from doing it.
	pingInterval = 20 * time.Second
	// maxSilence is for how many pings a server that answered one may be silent before it counts as gone.
	maxSilence = 3
	// writeTimeout is how long the network may refuse to take anything.
	writeTimeout = 30 * time.Second
	// closeTimeout is how long the farewell may take.
	closeTimeout = time.Second
)

// errOutput is returned when nobody takes the guest's output any more, for example because a pipe's reader is gone.
var errOutput = errors.New("write output")

// attend carries bytes both ways until one side is done, closes conn, and tells why.
func attend(ctx context.Context, conn *websocket.Conn, keys *keyboard, out *screen, ping time.Duration) error {
	conn.SetPongHandler(func(string) error {
		// Not every server answers pings; one that does has to go on doing so.
		return conn.SetReadDeadline(time.Now().Add(maxSilence * ping))
	})
	received := make(chan error, 1)
	go func() {
		received <- receive(conn, out)
		close(received)
	}()
	err := send(ctx, conn, keys, received, ping)
	if errors.Is(err, errLeft) || ctx.Err() != nil {
		farewell := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		// The connection goes either way.
		_ = conn.WriteControl(websocket.CloseMessage, farewell, time.Now().Add(closeTimeout))
		conn.Close()
		return err
	}
	conn.Close()
	// The receiver may hold the real reason, and has to be done with out before the next connection.
	select {
	case cause, first := <-received:
		if first {
			return cause
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// receive writes the guest's output until the connection ends.
func receive(conn *websocket.Conn, out *screen) error {
	for {
		kind, output, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if kind != websocket.BinaryMessage {
			if n, found := strings.CutPrefix(string(output), "skipped "); found {
				if skipped, err := strconv.ParseUint(n, 10, 64); err == nil {
					out.skip(skipped)
				}
			}
			continue
		}
		if err := out.write(output); err != nil {
			return fmt.Errorf("%w: %w", errOutput, err)
		}
	}
}

// send hands keystrokes over and keeps the connection alive until the user leaves or the receiver ends.
func send(ctx context.Context, conn *websocket.Conn, keys *keyboard, received <-chan error, ping time.Duration) error {
	pings := time.NewTicker(ping)
	defer pings.Stop()
	for {
		if len(keys.typed) > 0 {
			typed := keys.flush()
			if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
				return err
			}
			if err := conn.WriteMessage(websocket.BinaryMessage, typed); err != nil {
				return err
			}
		}
		if keys.left {
			return errLeft
		}
		select {
		case typed, open := <-keys.input():
			keys.take(typed, open)
		case err := <-received:
			return err
		case <-pings.C:
			if err := conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
