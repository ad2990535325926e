// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// handOver returns a stream as the plugin gets it, the launcher's other end, and the copy that the launcher
// has kept of what it handed over.
func handOver(t *testing.T) (stream net.Conn, far *os.File, kept int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	near := os.NewFile(uintptr(fds[0]), "near")
	t.Cleanup(func() { near.Close() })
	far = os.NewFile(uintptr(fds[1]), "far")
	t.Cleanup(func() { far.Close() })
	conn, err := net.FileConn(near)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if stream, err = newHanded(conn); err != nil {
		t.Fatal(err)
	}
	return stream, far, fds[0]
}

// TestALauncherCannotMakeThePluginWait has one that changes the flags of what it has handed over, so that calls wait
// in the kernel, where no deadline reaches them.
func TestALauncherCannotMakeThePluginWait(t *testing.T) {
	stream, far, kept := handOver(t)
	if err := unix.SetNonblock(kept, false); err != nil {
		t.Fatal(err)
	}
	if err := stream.SetDeadline(time.Now().Add(10 * interval)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	go func() {
		_, err := stream.Read(make([]byte, 1))
		ended <- err
	}()
	go func() {
		for {
			if _, err := stream.Write(make([]byte, 1<<20)); err != nil {
				ended <- err
				return
			}
		}
	}()
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("ended with %v", err)
			}
		case <-time.After(patience):
			far.Close() // lets the call return
			t.Fatal("a call waits in the kernel")
		}
	}
}

func TestAStreamCarriesAllAndEnds(t *testing.T) {
	stream, far, _ := handOver(t)
	const total = 3 << 20
	go func() {
		_, _ = stream.Write(make([]byte, total))
		stream.Close()
	}()
	if n, err := io.Copy(io.Discard, io.LimitReader(far, total)); err != nil || n != total {
		t.Errorf("the launcher got %d bytes, %v", n, err)
	}
}

// TestALauncherThatIsKilledHasEndedItsStream closes one with something unread, which the other side sees as a reset.
func TestALauncherThatIsKilledHasEndedItsStream(t *testing.T) {
	stream, far, _ := handOver(t)
	if _, err := stream.Write([]byte("not read")); err != nil {
		t.Fatal(err)
	}
	far.Close()
	if n, err := stream.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("the end is %d, %v", n, err)
	}
}
