// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// handed is a socket that a launcher has handed over. The launcher may have kept it, and can change the
// flags that both share: a call that relied on them could wait in the kernel for ever, and hold a thread
// of this process while it does. Each call here says itself that it does not wait.
type handed struct {
	net.Conn
	raw syscall.RawConn
}

func newHanded(conn net.Conn) (net.Conn, error) {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("use stream of the launcher: %T is no socket", conn)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("use stream of the launcher: %w", err)
	}
	return &handed{conn, raw}, nil
}

// Read reads what has come. A peer that was killed has ended the stream like any other.
func (h *handed) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	var failure error
	err = h.raw.Read(func(fd uintptr) bool {
		n, failure = retry(func() (int, error) {
			n, _, err := unix.Recvfrom(int(fd), p, unix.MSG_DONTWAIT)
			return n, err
		})
		return !errors.Is(failure, unix.EAGAIN)
	})
	switch {
	case err != nil:
		return 0, err
	case errors.Is(failure, unix.ECONNRESET):
		return 0, io.EOF
	case failure != nil:
		return 0, failure
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// Write writes all of p.
func (h *handed) Write(p []byte) (written int, err error) {
	for written < len(p) {
		var n int
		var failure error
		err := h.raw.Write(func(fd uintptr) bool {
			n, failure = retry(func() (int, error) {
				return unix.SendmsgN(int(fd), p[written:], nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
			})
			return !errors.Is(failure, unix.EAGAIN)
		})
		if err = errors.Join(err, failure); err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return max(n, 0), err
		}
	}
}
