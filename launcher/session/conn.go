// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	// MaxFromLauncher caps a frame that a plugin reads, in bytes: a launcher is not trusted.
	MaxFromLauncher = 64 << 10
	// MaxFromPlugin caps a frame that a launcher reads, in bytes: an object in etcd has at most 1.5 MiB.
	MaxFromPlugin = 4 << 20
	// maxDescriptors caps the descriptors that one frame may carry.
	maxDescriptors = 4
	headerSize     = 4
)

// ErrTooLarge is returned for a frame over the reader's limit.
var ErrTooLarge = errors.New("frame exceeds the limit")

// Conn sends and receives Messages as length-prefixed JSON over a unix stream socket.
// Send may be called from several goroutines, Receive from one.
type Conn struct {
	sock *net.UnixConn
	max  int
	// send keeps frames whole when several goroutines send.
	send sync.Mutex
}

// NewConn wraps sock; maxFrame is the largest frame in bytes that Receive accepts.
func NewConn(sock *net.UnixConn, maxFrame int) *Conn {
	return &Conn{sock: sock, max: maxFrame}
}

// Socket returns the underlying connection, for the raw bytes that follow a console's handshake,
// for deadlines and for Close.
func (c *Conn) Socket() *net.UnixConn { return c.sock }

// Send writes one frame, with descriptors beside it if there are any.
func (c *Conn) Send(m *Message, descriptors ...int) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, headerSize+len(body)), uint32(len(body)))
	frame = append(frame, body...)
	var rights []byte
	if len(descriptors) > 0 {
		rights = unix.UnixRights(descriptors...)
	}
	c.send.Lock()
	defer c.send.Unlock()
	n, _, err := c.sock.WriteMsgUnix(frame, rights, nil)
	if err == nil && n < len(frame) {
		_, err = c.sock.Write(frame[n:])
	}
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

// Receive reads one frame and the descriptors that came with it, which the caller closes.
// It returns io.EOF when the peer has closed between two frames.
func (c *Conn) Receive() (*Message, []*os.File, error) {
	header, files, err := c.receiveHeader()
	if err != nil {
		return nil, nil, err
	}
	size := int(binary.BigEndian.Uint32(header))
	if size > c.max {
		closeAll(files)
		return nil, nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, c.max)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(c.sock, body); err != nil {
		closeAll(files)
		return nil, nil, fmt.Errorf("receive message: %w", noEOF(err))
	}
	m := &Message{}
	if err := json.Unmarshal(body, m); err != nil {
		closeAll(files)
		return nil, nil, fmt.Errorf("decode message: %w", err)
	}
	return m, files, nil
}

func (c *Conn) receiveHeader() ([]byte, []*os.File, error) {
	header := make([]byte, headerSize)
	rights := make([]byte, unix.CmsgSpace(maxDescriptors*4))
	n, rn, flags, _, err := c.sock.ReadMsgUnix(header, rights)
	files, rightsErr := parseRights(rights[:rn])
	switch {
	case err != nil && errors.Is(err, io.EOF), err == nil && n == 0:
		closeAll(files)
		return nil, nil, io.EOF
	case err != nil:
		closeAll(files)
		return nil, nil, fmt.Errorf("receive message: %w", err)
	case rightsErr != nil:
		return nil, nil, fmt.Errorf("receive descriptors: %w", rightsErr)
	case flags&unix.MSG_CTRUNC != 0:
		closeAll(files)
		return nil, nil, fmt.Errorf("receive descriptors: more than %d", maxDescriptors)
	}
	if _, err := io.ReadFull(c.sock, header[n:]); err != nil {
		closeAll(files)
		return nil, nil, fmt.Errorf("receive message: %w", noEOF(err))
	}
	return header, files, nil
}

func parseRights(raw []byte) ([]*os.File, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	controls, err := unix.ParseSocketControlMessage(raw)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for i := range controls {
		fds, err := unix.ParseUnixRights(&controls[i])
		if err != nil {
			continue // credentials and the like carry no descriptor
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// noEOF keeps a frame that is cut short apart from a clean end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
