// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package serial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
)

// follower reads a ring from an offset as an io.Reader.
type follower struct {
	ring   *Ring
	offset uint64
}

func (f *follower) Read(p []byte) (int, error) {
	n, err := f.ring.Read(context.Background(), f.offset, p)
	f.offset += uint64(n)
	return n, err
}

func TestReaderGetsEveryByteAcrossTheEdge(t *testing.T) {
	r := NewRing(10)
	f := &follower{ring: r}
	var want, got []byte
	for i := range 50 {
		part := fmt.Appendf(nil, "<%d>", i)
		want = append(want, part...)
		r.Write(part)
		buf := make([]byte, 3)
		for f.offset < uint64(len(want)) {
			n, err := f.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
		}
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestReaderEndsAfterTheLastByte(t *testing.T) {
	r := NewRing(16)
	r.Write([]byte("power down"))
	r.Close()
	if err := iotest.TestReader(&follower{ring: r}, []byte("power down")); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyTheLastBytesAreKept(t *testing.T) {
	r := NewRing(8)
	r.Write([]byte("0123456789"))
	if _, err := r.Read(context.Background(), 1, make([]byte, 1)); !errors.Is(err, ErrOverrun) {
		t.Fatalf("read of an overwritten byte: %v", err)
	}
	for offset, want := range map[uint64]uint64{0: 2, 2: 2, 5: 5, 10: 10, 99: 10} {
		if got := r.Clamp(offset); got != want {
			t.Errorf("Clamp(%d) = %d, want %d", offset, got, want)
		}
	}
	buf := make([]byte, 16)
	n, _ := r.Read(context.Background(), 2, buf)
	m, _ := r.Read(context.Background(), 2+uint64(n), buf[n:])
	if got := string(buf[:n+m]); got != "23456789" {
		t.Fatalf("kept %q", got)
	}
}

func TestReaderWaitsForOutput(t *testing.T) {
	r := NewRing(8)
	got := make(chan string)
	go func() {
		buf := make([]byte, 8)
		n, _ := r.Read(context.Background(), 0, buf)
		got <- string(buf[:n])
	}()
	r.Write([]byte("hi"))
	if s := <-got; s != "hi" {
		t.Fatalf("got %q", s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Read(ctx, 2, make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r.Close()
	if _, err := r.Read(context.Background(), 2, make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}
