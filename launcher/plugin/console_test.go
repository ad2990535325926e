// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/serial"
	"github.com/virtplane/virtplane/launcher/session"
)

// guest is the far end of the serial port, where QEMU is.
func guest(t *testing.T) (*serial.Port, *net.UnixConn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "serial")
	port, err := serial.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	background(t, port.Run)
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return port, conn
}

// resume opens a console as a plugin that has the output up to offset, and returns where it begins.
func (f *fake) resume(offset uint64) (*session.Conn, uint64) {
	f.t.Helper()
	conn := f.accept(session.KindConsole)
	f.send(conn, &session.Message{Resume: &session.Resume{Offset: offset}})
	m := f.receive(conn)
	if m.ConsoleStart == nil {
		f.t.Fatalf("got %+v", m)
	}
	return conn, m.ConsoleStart.Offset
}

func read(t *testing.T, r io.Reader, n int) string {
	t.Helper()
	buf := make([]byte, n)
	if _, err := io.ReadFull(r, buf); err != nil {
		t.Fatal(err)
	}
	return string(buf)
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
}

func TestConsoleCarriesBytesBothWays(t *testing.T) {
	f := newFake(t)
	port, qemu := guest(t)
	background(t, NewConsole(f.socket, port).Run)
	write(t, qemu, "login: ")
	conn, offset := f.resume(0)
	if got := read(t, conn.Socket(), 7); got != "login: " || offset != 0 {
		t.Fatalf("got %q from %d", got, offset)
	}
	write(t, conn.Socket(), "root\r")
	if got := read(t, qemu, 5); got != "root\r" {
		t.Fatalf("guest got %q", got)
	}
}

func TestNothingIsLostWhileThePluginIsAway(t *testing.T) {
	f := newFake(t)
	port, qemu := guest(t)
	background(t, NewConsole(f.socket, port).Run)
	write(t, qemu, "one ")
	conn, _ := f.resume(0)
	if got := read(t, conn.Socket(), 4); got != "one " {
		t.Fatalf("got %q", got)
	}
	conn.Socket().Close()
	write(t, qemu, "two ")
	conn, offset := f.resume(4)
	write(t, qemu, "three")
	if got := read(t, conn.Socket(), 9); got != "two three" || offset != 4 {
		t.Fatalf("got %q from %d", got, offset)
	}
}

func TestPluginIsToldWhatTheRingHasLost(t *testing.T) {
	f := newFake(t)
	port, qemu := guest(t)
	write(t, qemu, strings.Repeat("x", serial.RingSize)+"tail")
	follow(t, port, serial.RingSize+4)
	background(t, NewConsole(f.socket, port).Run)
	conn, offset := f.resume(0)
	if offset != 4 {
		t.Fatalf("begins at %d", offset)
	}
	if got := read(t, conn.Socket(), serial.RingSize); !strings.HasSuffix(got, "xtail") {
		t.Fatalf("ends with %q", got[len(got)-8:])
	}
}

// follow waits until the port has put out n bytes.
func follow(t *testing.T, port *serial.Port, n uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if _, err := port.Output.Read(ctx, n-1, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// A guest that prints without end must neither wait for a viewer that does not read nor make the
// viewer's stream lie about its offsets.
func TestSlowViewerLosesItsConnectionAndNotTheOffset(t *testing.T) {
	f := newFake(t)
	port, qemu := guest(t)
	background(t, NewConsole(f.socket, port).Run)
	stuck, _ := f.resume(0)
	chunk := strings.Repeat("y", 64<<10)
	const chunks = 64
	if err := qemu.SetWriteDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	for range chunks {
		write(t, qemu, chunk)
	}
	const end = chunks * 64 << 10
	follow(t, port, end)
	if _, err := io.Copy(io.Discard, stuck.Socket()); err != nil {
		t.Fatal(err) // the launcher has to close, not to go on with a hole
	}
	conn, offset := f.resume(0)
	if want := uint64(end - serial.RingSize); offset != want {
		t.Fatalf("resumes at %d, want %d", offset, want)
	}
	read(t, conn.Socket(), serial.RingSize)
}

func TestConsoleEndsAfterTheLastByte(t *testing.T) {
	f := newFake(t)
	port, qemu := guest(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		NewConsole(f.socket, port).Run(context.Background())
	}()
	conn, _ := f.resume(0)
	write(t, qemu, "Power down")
	qemu.Close()
	got, err := io.ReadAll(conn.Socket())
	if err != nil || string(got) != "Power down" {
		t.Fatalf("got %q, %v", got, err)
	}
	select {
	case <-done:
	case <-time.After(deadline):
		t.Fatal("dials on with nothing to send")
	}
}

// A guest that reads no keys must not keep the console from ending.
func TestGuestThatReadsNothingDoesNotBlock(t *testing.T) {
	f := newFake(t)
	port, _ := guest(t)
	background(t, NewConsole(f.socket, port).Run)
	conn, _ := f.resume(0)
	if err := conn.Socket().SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	paste := []byte(strings.Repeat("z", 1<<20))
	for {
		if _, err := conn.Socket().Write(paste); err != nil {
			break // all buffers are full
		}
	}
	conn.Socket().Close()
	f.resume(0)
}
