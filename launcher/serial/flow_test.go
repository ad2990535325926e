// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package serial

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// TestGuestWaitsForAReaderThatReads has one that is much slower than the guest.
func TestGuestWaitsForAReaderThatReads(t *testing.T) {
	p, qemu := port(t)
	const total = 4 * RingSize
	written := make(chan error, 1)
	go func() {
		chunk := make([]byte, 64<<10)
		for i := 0; i < total; i += len(chunk) {
			for j := range chunk {
				chunk[j] = byte((i + j) / 251)
			}
			if _, err := qemu.Write(chunk); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	buf := make([]byte, 32<<10)
	for offset := 0; offset < total; {
		n, err := p.Output.Read(t.Context(), uint64(offset), buf)
		if err != nil {
			t.Fatalf("at %d: %v", offset, err)
		}
		for i, b := range buf[:n] {
			if b != byte((offset+i)/251) {
				t.Fatalf("wrong byte at %d", offset+i)
			}
		}
		offset += n
		p.Output.Taken(uint64(offset))
		time.Sleep(time.Millisecond) // this is the test: a reader that is slower than the guest
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}

// TestGuestWaitsOnceForAReaderThatIsAway has one that never comes, and one that comes back.
func TestGuestWaitsOnceForAReaderThatIsAway(t *testing.T) {
	p, qemu := port(t)
	flood := func() time.Duration {
		t.Helper()
		begin := time.Now()
		if err := qemu.SetWriteDeadline(begin.Add(10 * stall)); err != nil {
			t.Fatal(err)
		}
		if _, err := qemu.Write(bytes.Repeat([]byte("x"), 4*RingSize)); err != nil {
			t.Fatal(err)
		}
		return time.Since(begin)
	}
	if took := flood(); took < stall || took > 3*stall {
		t.Errorf("the guest waited %s", took)
	}
	if took := flood(); took > stall {
		t.Errorf("the guest waited again: %s", took)
	}
	p.Output.Taken(p.Output.Clamp(1 << 40))
	if took := flood(); took < stall {
		t.Errorf("the guest did not wait for a reader that had come back: %s", took)
	}
}

func TestWhatFitsInIsNotWaitedFor(t *testing.T) {
	r := NewRing(RingSize)
	r.Write([]byte(strings.Repeat("x", RingSize-reserve-100)))
	begin := time.Now()
	r.AwaitRoom(t.Context(), 100)
	if took := time.Since(begin); took > stall/2 {
		t.Errorf("waited %s", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	begin = time.Now()
	r.AwaitRoom(ctx, 101)
	if took := time.Since(begin); took < 10*time.Millisecond || took > stall/2 {
		t.Errorf("waited %s for what does not fit", took)
	}
}
