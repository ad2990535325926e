// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package serial

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// port returns a port that runs, and QEMU's end of it.
func port(t *testing.T) (*Port, *net.UnixConn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "serial")
	p, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return p, conn
}

func TestGuestNeverWaitsForAReader(t *testing.T) {
	p, qemu := port(t)
	if err := qemu.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(qemu, strings.Repeat("x", 8*RingSize)); err != nil {
		t.Fatal(err)
	}
	qemu.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := p.Output.Read(ctx, 8*RingSize, make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestKeysThatTheGuestDoesNotTakeAreDropped(t *testing.T) {
	p, qemu := port(t)
	if _, err := io.WriteString(qemu, "?"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Output.Read(context.Background(), 0, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	paste := bytes.Repeat([]byte("k"), 64<<10)
	begun := time.Now()
	for range 100 {
		if err := p.Write(paste); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took < patience || took > 5*patience {
		t.Errorf("took %s", took)
	}
	// A guest that wakes up gets keys again.
	buf := make([]byte, 1<<20)
	for {
		if err := qemu.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := qemu.Read(buf); err != nil {
			break
		}
	}
	if err := p.Write([]byte("root")); err != nil {
		t.Fatal(err)
	}
	if err := qemu.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := qemu.Read(buf); err != nil || string(buf[:n]) != "root" {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
}

func TestLogEndsWithTheOutput(t *testing.T) {
	r := NewRing(16)
	r.Write([]byte("a longer text than the ring holds"))
	r.Close()
	var out bytes.Buffer
	if err := r.CopyTo(context.Background(), &out); err != nil || out.String() != "\n[virtplane: 17 bytes of output skipped]\nn the ring holds" {
		t.Fatalf("got %q, %v", out.String(), err)
	}
}
