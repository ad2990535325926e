// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"testing"
	"time"
)

func TestRoomIsMadeWhenItPays(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	ago := func(d time.Duration) history { return history{compacted: now.Add(-d), defragmented: now.Add(-d)} }
	size := func(size, inUse int64) func(*Observation) {
		return func(o *Observation) { o.Size, o.InUse = size, inUse }
	}
	full := roomy().Quota
	for _, c := range []struct {
		name string
		o    Observation
		h    history
		want actions
	}{
		{"nothing to gain", roomy(), history{}, actions{}},
		{"half of the file free", roomy(size(gib, gib/2)), history{}, actions{defragment: true}},
		{"half of the file free, and done just now", roomy(size(gib, gib/2)), ago(time.Minute), actions{}},
		{"half of a small file free", roomy(size(90*mib, 10*mib)), history{}, actions{}},
		{"a third of the file free", roomy(size(3*gib, 2*gib)), history{}, actions{}},
		{"objects that come near the quota", roomy(size(full/100*81, full/100*81)), ago(10 * time.Minute), actions{compact: true}},
		{"a file at the quota", roomy(size(full/100*91, full/100*60)), ago(10 * time.Minute), actions{compact: true, defragment: true}},
		{"a file at the quota, and done just now", roomy(size(full/100*91, full/100*60)), ago(time.Second), actions{}},
		{"a file at the quota that is all in use", roomy(size(full/100*91, full/100*91)), ago(10 * time.Minute), actions{compact: true}},
		{"a full file that took long the last time", roomy(size(full, full/2)), history{defragmented: now.Add(-time.Minute), took: 7 * time.Second, compactedTo: 100}, actions{}},
		{"a full file that took little the last time", roomy(size(full, full/2), free(6*gib)), history{defragmented: now.Add(-time.Minute), took: time.Second, compactedTo: 100}, actions{defragment: true}},
		{"no room on the volume for a second file", roomy(size(gib, gib/2), free(gib/2)), history{}, actions{cramped: true}},
		{"a volume that fills up", roomy(free(100 * mib)), ago(time.Second), actions{raise: true}},
		{"a volume that is full, with the alarm raised", roomy(free(100*mib), alarmed), ago(time.Second), actions{compact: true}},
		{"a volume with room again", roomy(alarmed), ago(time.Second), actions{compact: true, disarm: true}},
		{"the alarm, with a file at the quota", roomy(size(full, full/2), alarmed, free(6*gib)), ago(10 * time.Minute), actions{compact: true, defragment: true}},
		{"the alarm, with objects at the quota", roomy(size(full, full), alarmed), history{compacted: now.Add(-time.Hour), compactedTo: 100}, actions{}},
		{"the alarm, with little to give back", roomy(size(full, full/100*95), alarmed, free(10*gib)), ago(10 * time.Minute), actions{compact: true, defragment: true}},
		{"the alarm, with a file that leaves room for deletions", roomy(size(full/100*95, full/100*95), alarmed), ago(500 * time.Millisecond), actions{disarm: true}},
		{"the alarm, and something was deleted", roomy(size(full, full), alarmed), history{compacted: now.Add(-2 * time.Second), compactedTo: 99}, actions{compact: true}},
	} {
		c.o.At, c.o.Past = now, 100
		if got := decide(c.o, assess(c.o, Verdict{}), c.h); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
