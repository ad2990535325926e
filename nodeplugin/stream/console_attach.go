// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/virtplane/virtplane/nodeplugin/console"
)

const (
	// closeTimeout is how long a viewer may take to answer the close message.
	closeTimeout = 2 * time.Second
	// gather is for how long output is gathered after a message of less than gathered bytes: a UART puts
	// out byte by byte, and each message has a price in every process on the way. Who types does not
	// notice: the first byte after a pause waits for nothing.
	gather   = 2 * time.Millisecond
	gathered = 4 << 10
)

// attach copies both ways until one side ends.
func attach(ctx context.Context, conn *websocket.Conn, viewer *console.Viewer, w wish, p pace) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	received := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		defer close(received)
		cancel(receiveKeys(ctx, conn, viewer, w.readOnly, p.pong))
	})
	running.Go(func() { ping(ctx, conn, p) })
	err := sendOutput(ctx, conn, viewer, w.tracks, p.pong)
	code, reason := websocket.CloseNormalClosure, ""
	if !errors.Is(err, io.EOF) {
		code, reason = websocket.CloseGoingAway, "the node plugin ends this stream"
	}
	cancel(err)
	// The viewer may be gone already. If not, closing before its answer could cost it what it has
	// not read yet.
	if conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second)) == nil {
		select {
		case <-received:
		case <-time.After(closeTimeout):
		}
	}
	conn.Close()
	running.Wait()
	return context.Cause(ctx)
}

func sendOutput(ctx context.Context, conn *websocket.Conn, viewer *console.Viewer, tracks bool, patience time.Duration) error {
	for {
		piece, err := viewer.Next(ctx)
		if err != nil {
			return err
		}
		if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		if err := sendPiece(conn, piece, tracks); err != nil {
			return err
		}
		if len(piece.Output) >= gathered {
			continue
		}
		select {
		case <-time.After(gather):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func sendPiece(conn *websocket.Conn, piece console.Piece, tracks bool) error {
	output := piece.Output
	switch {
	case piece.Skipped > 0 && tracks:
		if err := conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "skipped %d", piece.Skipped)); err != nil {
			return err
		}
	case piece.Skipped > 0:
		output = append([]byte(piece.Note()), output...)
	}
	if len(output) == 0 {
		return nil
	}
	return conn.WriteMessage(websocket.BinaryMessage, output)
}

func receiveKeys(ctx context.Context, conn *websocket.Conn, viewer *console.Viewer, readOnly bool, pong time.Duration) error {
	conn.SetReadLimit(maxMessage)
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(pong)) }
	conn.SetPongHandler(alive)
	keys := make([]byte, readBuffer)
	for {
		// Also after keystrokes that the guest took long to accept: no pong was read meanwhile.
		if err := alive(""); err != nil {
			return err
		}
		kind, message, err := conn.NextReader()
		if err != nil {
			return err
		}
		for {
			n, err := message.Read(keys)
			if n > 0 && kind == websocket.BinaryMessage && !readOnly {
				if err := viewer.Type(ctx, keys[:n]); err != nil {
					return err
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
		}
	}
}
