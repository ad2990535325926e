// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/virtplane/virtplane/launcher/serial"
	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// consoleBuffer is how much output is handed over at once, in bytes.
	consoleBuffer = 32 << 10
	// gather is for how long output is gathered after a piece of less than gathered bytes: a UART puts out
	// byte by byte, and the node plugin does as much for one as for many.
	gather   = time.Millisecond
	gathered = 4 << 10
)

// Console is the connection that carries the serial port.
type Console struct {
	socket string
	port   *serial.Port
}

// NewConsole returns a console that is not connected yet.
func NewConsole(socket string, port *serial.Port) *Console {
	return &Console{socket: socket, port: port}
}

// Run keeps the console until ctx ends, or until the port has closed and the plugin has all of its
// output.
func (c *Console) Run(ctx context.Context) {
	redial(ctx, "Console", func() (bool, error) { return c.connect(ctx) })
}

func (c *Console) connect(ctx context.Context) (answered bool, err error) {
	conn, closeConn, err := dial(ctx, c.socket)
	if err != nil {
		return false, err
	}
	defer closeConn()
	if err := conn.Send(&session.Message{Hello: &session.Hello{Version: session.Version, Kind: session.KindConsole}}); err != nil {
		return false, err
	}
	m, files, err := conn.Receive()
	for _, f := range files {
		f.Close()
	}
	switch {
	case err != nil:
		return false, err
	case m.Refusal != nil:
		return false, fmt.Errorf("the node plugin refused: %s", m.Refusal.Message)
	case m.Resume == nil:
		return false, errors.New("the node plugin sent no resume")
	}
	offset := c.port.Output.Clamp(m.Resume.Offset)
	c.port.Output.Taken(offset)
	if err := conn.Send(&session.Message{ConsoleStart: &session.ConsoleStart{Offset: offset}}); err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	keys := make(chan struct{})
	go func() {
		defer close(keys)
		defer cancel() // the plugin is gone: end the output too
		c.forwardKeys(conn)
	}()
	err = c.forwardOutput(ctx, conn, offset)
	cancel()
	closeConn()
	<-keys
	return true, err
}

// forwardOutput ends with serial.ErrOverrun when the plugin reads too slowly; the next connection
// then says what is missing.
func (c *Console) forwardOutput(ctx context.Context, conn *session.Conn, offset uint64) error {
	buf := make([]byte, consoleBuffer)
	for {
		n, err := c.port.Output.Read(ctx, offset, buf)
		if errors.Is(err, io.EOF) {
			return errDone
		}
		if err != nil {
			return err
		}
		if _, err := conn.Socket().Write(buf[:n]); err != nil {
			return err
		}
		offset += uint64(n)
		c.port.Output.Taken(offset)
		if n < gathered {
			time.Sleep(gather)
		}
	}
}

func (c *Console) forwardKeys(conn *session.Conn) {
	buf := make([]byte, 1024)
	for {
		n, err := conn.Socket().Read(buf)
		if n > 0 {
			if err := c.port.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
