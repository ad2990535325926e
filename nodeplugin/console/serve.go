// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// chunk is how much output is read at once, in bytes.
	chunk = 32 << 10
	// outputRate caps what a guest makes this process and its disk do, in bytes a second. A guest
	// that is faster waits for its serial port.
	outputRate  = 64 << 20
	outputBurst = 4 << 20
	// keysTimeout is how long the launcher may take to accept keystrokes.
	keysTimeout = 10 * time.Second
)

// chunks are shared by all consoles: most of them are silent most of the time.
var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// Serve runs a console connection of the launcher after its Hello, until it ends or ctx does. The
// caller has set the deadline of the handshake on conn, and closes conn.
func (h *Hub) Serve(ctx context.Context, conn *session.Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	connection, offset, err := h.connect(cancel)
	if err != nil {
		return err
	}
	defer h.disconnect(connection)
	if err := conn.Send(&session.Message{Resume: &session.Resume{Offset: offset}}); err != nil {
		return err
	}
	answer, files, err := conn.Receive()
	for _, f := range files {
		f.Close()
	}
	switch {
	case err != nil:
		return err
	case answer.ConsoleStart == nil:
		return errors.New("receive console start: another message came")
	case answer.ConsoleStart.Offset > 1<<62:
		return fmt.Errorf("receive console start: offset %d is absurd", answer.ConsoleStart.Offset)
	}
	if err := h.resume(connection, answer.ConsoleStart.Offset); err != nil {
		return err
	}
	socket := conn.Socket()
	if err := socket.SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("clear deadline: %w", err)
	}
	unblock := context.AfterFunc(ctx, func() { socket.SetDeadline(time.Now()) })
	var typing sync.WaitGroup
	typing.Go(func() {
		defer cancel()
		h.sendKeys(ctx, socket)
	})
	defer typing.Wait()
	defer cancel()
	defer unblock()
	return h.receiveOutput(ctx, connection, socket)
}

func (h *Hub) receiveOutput(ctx context.Context, connection int, socket *net.UnixConn) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return fmt.Errorf("read console: %w", err)
	}
	limit := rate.NewLimiter(outputRate, outputBurst)
	for {
		h.makeRoom(ctx)
		n, err := h.receiveChunk(connection, raw)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read console: %w", err)
		}
		receivedBytes.Add(float64(n))
		if err := limit.WaitN(ctx, n); err != nil {
			return err
		}
	}
}

// receiveChunk waits for output and publishes it. It takes a buffer only when there is something
// to read.
func (h *Hub) receiveChunk(connection int, raw syscall.RawConn) (int, error) {
	var n int
	var readErr error
	err := raw.Read(func(fd uintptr) bool {
		buffer := chunks.Get().(*[chunk]byte)
		defer chunks.Put(buffer)
		for {
			n, readErr = syscall.Read(int(fd), buffer[:])
			if !errors.Is(readErr, syscall.EINTR) {
				break
			}
		}
		if errors.Is(readErr, syscall.EAGAIN) {
			return false
		}
		if readErr == nil && n > 0 && !h.publish(connection, buffer[:n]) {
			readErr = io.EOF
		}
		return true
	})
	switch {
	case err != nil:
		return 0, err
	case readErr != nil:
		return 0, readErr
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (h *Hub) sendKeys(ctx context.Context, socket *net.UnixConn) {
	for {
		select {
		case keys := <-h.keys:
			if err := socket.SetWriteDeadline(time.Now().Add(keysTimeout)); err != nil {
				return
			}
			if _, err := socket.Write(keys); err != nil && ctx.Err() == nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
