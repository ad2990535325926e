// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

const (
	// sentinel begins the answer to a synchronisation, and clears what the agent has read of a broken question.
	sentinel = 0xff
	// syncTime is how long the agent may take to say that it listens, before each command.
	syncTime = 3 * time.Second
	// maxDiscard caps what is read of old and endless answers in search of the one that is waited for, in bytes.
	maxDiscard = 16 << 20
	lineBuffer = 16 << 10
)

// Line is the channel to the agent. QEMU connects to it, and nobody else has a part in it: libvirt's own
// client reads answers of up to 10 MiB into objects that take a hundred times as much. Nothing is read
// while no answer is waited for, so that a guest that floods the channel only stops itself.
type Line struct {
	listener *net.UnixListener

	// mu lets one command at a time use the connection; it guards what follows.
	mu     sync.Mutex
	conn   *net.UnixConn
	reader *bufio.Reader
	id     int64
}

// Listen makes the socket that QEMU connects to.
func Listen(socket string) (*Line, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listen for the guest agent: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for the guest agent: %w", err)
	}
	return &Line{listener: listener, id: time.Now().UnixNano() >> 20}, nil
}

// Run takes QEMU's connection, which is the first one. libvirt's, which follow whenever the guest opens
// the channel, are closed: it gives the agent up then and leaves it to this process.
func (l *Line) Run(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { l.listener.Close() })()
	for {
		conn, err := l.listener.AcceptUnix()
		if err != nil {
			if ctx.Err() == nil {
				klog.FromContext(ctx).Error(err, "The guest agent cannot be reached")
			}
			return
		}
		l.mu.Lock()
		if l.conn == nil {
			l.conn, l.reader = conn, bufio.NewReaderSize(conn, lineBuffer)
		} else {
			conn.Close()
		}
		l.mu.Unlock()
	}
}

// AgentCommand sends a command and returns the answer.
func (l *Line) AgentCommand(command string, timeout time.Duration) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return "", ErrSilent
	}
	if err := l.synchronise(); err != nil {
		return "", err
	}
	if err := l.send(command+"\n", timeout); err != nil {
		return "", err
	}
	reply, err := l.line(maxReply)
	if err != nil {
		return "", err
	}
	var refusal struct {
		Error *struct {
			Description string `json:"desc"`
		} `json:"error"`
	}
	if json.Unmarshal(reply, &refusal) == nil && refusal.Error != nil {
		return "", errors.New(refusal.Error.Description)
	}
	return string(reply), nil
}

// synchronise finds the place in the stream from which on it answers this command, past all that came
// too late for earlier ones.
func (l *Line) synchronise() error {
	l.id++
	question := fmt.Sprintf(`{"execute":"guest-sync-delimited","arguments":{"id":%d}}`+"\n", l.id)
	if err := l.send(string([]byte{sentinel})+question, syncTime); err != nil {
		return err
	}
	for discarded := 0; discarded < maxDiscard; {
		skipped, err := l.reader.ReadSlice(sentinel)
		discarded += len(skipped)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return ErrSilent
		}
		reply, err := l.line(lineBuffer)
		if errors.Is(err, ErrSilent) {
			return err
		}
		discarded += len(reply)
		reply = reply[bytes.LastIndexByte(reply, sentinel)+1:]
		var answer struct {
			Return int64 `json:"return"`
		}
		if err == nil && json.Unmarshal(reply, &answer) == nil && answer.Return == l.id {
			return nil
		}
	}
	return ErrSilent
}

// tooLong is the error of an answer of so many bytes.
type tooLong int

func (n tooLong) Error() string {
	return fmt.Sprintf("an answer of %d bytes, at most %d are read", int(n), maxReply)
}

// send writes a question, and gives it and its answer that much time.
func (l *Line) send(question string, limit time.Duration) error {
	if err := l.conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return ErrSilent
	}
	if _, err := l.conn.Write([]byte(question)); err != nil {
		return ErrSilent
	}
	return nil
}

// line reads to the end of a line of at most limit bytes.
func (l *Line) line(limit int) ([]byte, error) {
	var line []byte
	for read := 0; read < maxDiscard; {
		piece, err := l.reader.ReadSlice('\n')
		read += len(piece)
		if len(line) <= limit {
			line = append(line, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, ErrSilent
		case len(line) > limit:
			return nil, tooLong(read)
		default:
			return bytes.TrimSpace(line), nil
		}
	}
	return nil, ErrSilent
}
