// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// lingerTime is how long an answer may pause after the local side has said all it had to. A websocket cannot be closed
// one way alone, so the guest does not learn of that; without an end the connection to it would stay for ever.
const lingerTime = 5 * time.Second

// Relay carries bytes both ways between local and remote until one of them is done, and closes both. It returns nil
// when either ended as it should, and why not when the way between broke.
func Relay(ctx context.Context, local io.ReadWriteCloser, remote *Conn) error {
	return relay(ctx, local, remote, lingerTime)
}

func relay(ctx context.Context, local io.ReadWriteCloser, remote *Conn, linger time.Duration) error {
	closeBoth := func() {
		local.Close()
		remote.Close()
	}
	stop := context.AfterFunc(ctx, closeBoth)
	defer stop()

	var came atomic.Int64
	sent, received := make(chan error, 1), make(chan error, 1)
	go func() { sent <- upload(remote, local) }()
	go func() { received <- download(local, remote, &came) }()

	var err error
	select {
	case err = <-received:
		closeBoth()
		<-sent
	case err = <-sent:
		if err == nil {
			err = await(received, &came, linger)
			closeBoth()
			break
		}
		closeBoth()
		select {
		case cause := <-received:
			if cause != nil && !errors.Is(err, errLocal) {
				err = cause
			}
		case <-ctx.Done():
			// An output that nobody takes does not hear of the close.
		}
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errLocal) {
		// Who hangs up knows it.
		return nil
	}
	return err
}

// errLocal tells that the local side is gone.
var errLocal = errors.New("local side is gone")

// upload sends what local says until its end.
func upload(remote io.Writer, local io.Reader) error {
	buffer := make([]byte, chunk)
	for {
		n, err := local.Read(buffer)
		if n > 0 {
			if _, err := remote.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errLocal
		}
	}
}

// download hands what remote says to local, until its end.
func download(local io.Writer, remote io.Reader, came *atomic.Int64) error {
	buffer := make([]byte, chunk)
	for {
		n, err := remote.Read(buffer)
		if n > 0 {
			if _, err := local.Write(buffer[:n]); err != nil {
				return errLocal
			}
			came.Add(int64(n))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// await waits for the end of an answer, as long as more of it comes.
func await(received <-chan error, came *atomic.Int64, linger time.Duration) error {
	ticks := time.NewTicker(linger)
	defer ticks.Stop()
	last := int64(-1)
	for {
		select {
		case err := <-received:
			return err
		case <-ticks.C:
			now := came.Load()
			if now == last {
				return nil
			}
			last = now
		}
	}
}
