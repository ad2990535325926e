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

const (
	// patience is how long keystrokes wait for a guest that takes none.
	patience = time.Second
	// stalledPatience replaces it as long as the guest goes on taking none.
	stalledPatience = time.Millisecond
	// readSize is how much output is taken from QEMU at once, in bytes.
	readSize = 32 << 10
)

// Port is the far end of the guest's serial port. It listens, and QEMU connects when it starts, so
// that not even the firmware's first byte is lost.
type Port struct {
	// Output holds what the guest has put out.
	Output   *Ring
	listener *net.UnixListener

	// mu guards all below.
	mu   sync.Mutex
	conn *net.UnixConn
	// stalled tells that the guest did not take the last keystrokes.
	stalled bool
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
	buf := make([]byte, readSize)
	for {
		p.Output.AwaitRoom(ctx, len(buf))
		n, err := conn.Read(buf)
		p.Output.Write(buf[:n])
		if err != nil {
			klog.FromContext(ctx).V(2).Info("Serial port closed", "err", err)
			return
		}
	}
}

// Write hands keystrokes to the guest. Those that the guest does not take in time are lost, as on
// any serial line; the caller is not held for longer.
func (p *Port) Write(keys []byte) error {
	p.mu.Lock()
	conn, patience := p.conn, patience
	if p.stalled {
		patience = stalledPatience
	}
	p.mu.Unlock()
	if conn == nil {
		return nil // no machine at the other end yet
	}
	for len(keys) > 0 {
		if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return fmt.Errorf("write to serial port: %w", err)
		}
		n, err := conn.Write(keys)
		keys = keys[n:]
		stalled := errors.Is(err, os.ErrDeadlineExceeded)
		if err != nil && !stalled {
			return fmt.Errorf("write to serial port: %w", err)
		}
		if stalled && n > 0 {
			continue // it is slow, not stuck
		}
		p.mu.Lock()
		p.stalled = stalled
		p.mu.Unlock()
		if stalled {
			return nil
		}
	}
	return nil
}
