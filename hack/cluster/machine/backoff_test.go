// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"testing"
	"time"
)

func TestARestartIsQuickUnlessTheProgramKeepsDying(t *testing.T) {
	var b backoff
	for i, want := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond} {
		if got := b.next(time.Second); got != want {
			t.Errorf("pause %d: got %v, want %v", i, got, want)
		}
	}
	for range 20 {
		b.next(time.Second)
	}
	if got := b.next(time.Second); got != restartDelayMax {
		t.Errorf("pause of a program that keeps dying: got %v, want %v", got, restartDelayMax)
	}
	if got := b.next(time.Minute); got != restartDelay {
		t.Errorf("pause after a long run: got %v, want %v", got, restartDelay)
	}
}
