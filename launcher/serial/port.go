// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package serial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// writeSlice is how long one try to hand keystrokes to QEMU lasts: a guest that does not read its
// port must not hold a viewer's goroutine for ever.
const writeSlice = 200 * time.Millisecond

// Port is the far end of the guest's serial port. It listens, and QEMU connects when it starts, so
// that not even the firmware's first byte is lost.
type Port struct {
	// Output holds what the guest has put out.
	Output   *Ring
	listener *net.UnixListener

	// mu guards conn.
	mu   sync.Mutex
	conn *net.UnixConn
}

// Listen makes the socket that QEMU connects to.
func Listen(path string) (*Port, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for the serial port: %w", err)
	}
	return &Port{Output: NewRing(RingSize), listener: l}, nil
}

// Run moves the guest's output into the ring until QEMU closes the port.
func (p *Port) Run(ctx context.Context) {
	defer p.Output.Close()
	defer p.listener.Close()
	unblock := context.AfterFunc(ctx, func() { p.listener.Close() })
	defer unblock()
	conn, err := p.listener.AcceptUnix()
	if err != nil {
		return
	}
	defer conn.Close()
	p.mu.Lock()
	p.conn = conn
	p.mu.Unlock()
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		p.Output.Write(buf[:n])
		if err != nil {
			klog.FromContext(ctx).V(2).Info("Serial port closed", "err", err)
			return
		}
	}
}

// Write hands keystrokes to the guest. It waits while the guest does not read, until ctx ends.
func (p *Port) Write(ctx context.Context, keys []byte) error {
	p.mu.Lock()
	conn := p.conn
	p.mu.Unlock()
	if conn == nil {
		return nil // nobody there to read: lost, as on a cable without a machine
	}
	for len(keys) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := conn.SetWriteDeadline(time.Now().Add(writeSlice)); err != nil {
			return fmt.Errorf("write to serial port: %w", err)
		}
		n, err := conn.Write(keys)
		keys = keys[n:]
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("write to serial port: %w", err)
		}
	}
	return nil
}
