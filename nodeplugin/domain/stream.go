// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/launcher/session"
)

// takeStream gives the socket that a launcher hands over to the command that asked for it.
func (g *Guest) takeStream(hello *session.Hello, file *os.File) error {
	conn, err := connectionOf(file)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current != nil {
		if waiting := g.current.waiting[hello.Command]; waiting != nil && waiting.stream != nil {
			select {
			case waiting.stream <- conn:
				return nil
			default:
			}
		}
	}
	conn.Close()
	return fmt.Errorf("stream: no command %d waits for one", hello.Command)
}

// connectionOf makes a connection of a descriptor, which stays open. A launcher may send any: only a
// connected unix stream socket can neither block this process nor reach anything but its other end.
func connectionOf(file *os.File) (net.Conn, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	var objection error
	if err := raw.Control(func(fd uintptr) { objection = checkStream(int(fd)) }); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	if objection != nil {
		return nil, fmt.Errorf("stream: %w", objection)
	}
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return conn, nil
}

func checkStream(fd int) error {
	for _, want := range []struct{ option, value int }{{unix.SO_DOMAIN, unix.AF_UNIX}, {unix.SO_TYPE, unix.SOCK_STREAM}, {unix.SO_ACCEPTCONN, 0}} {
		got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, want.option)
		if err != nil {
			return fmt.Errorf("the descriptor is no socket: %w", err)
		}
		if got != want.value {
			return errors.New("the descriptor is no connected unix stream socket")
		}
	}
	if _, err := unix.Getpeername(fd); err != nil {
		return fmt.Errorf("the descriptor is no connected socket: %w", err)
	}
	return nil
}
