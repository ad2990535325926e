// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import "time"

const (
	// How often a member is defragmented at most, which does not answer meanwhile: usually, when the file comes near the
	// quota, and when users are refused what they want.
	usualInterval, nearInterval, fullInterval = time.Hour, 2 * time.Minute, 10 * time.Second
	// restFactor is how many times as long as the last defragmentation took the next one waits at least.
	restFactor = 10
	// usualGain is what a defragmentation must give back when there is room enough: half of the file, and this much.
	usualGain = 100 * mib
	// pressedGain is the same when room is needed, in parts of the file, and alarmGain when nothing can be written
	// meanwhile, not even the deletions that would make more room.
	pressedGain, alarmGain = 8, 32
	// disarmQuota is the share of the quota, in percent, below which the file leaves room for some deletions at least.
	disarmQuota = 97
	// How often history is given up early: when the objects or the file come near the quota, when only changes and deletions are
	// taken, whose history must not fill the rest, and when each deletion is to count at once.
	nearCompaction, fullCompaction, alarmCompaction = 10 * time.Second, 5 * time.Second, time.Second
	// spare is what a defragmentation leaves free on the volume beside the second file that it writes.
	spare = 64 * mib
)

// history is what was done before.
type history struct {
	compacted, defragmented time.Time
	// took is how long the last defragmentation did.
	took time.Duration
	// compactedTo is the revision before which history is gone.
	compactedTo int64
}

// actions are what to do now, in this order.
type actions struct {
	raise, compact, defragment, disarm bool
	// cramped tells that a defragmentation would help and has no room on the volume.
	cramped bool
}

// decide tells how room is to be made.
func decide(o Observation, v Verdict, h history) actions {
	var a actions
	// Only the member itself knows of its volume; its exit would take reads away as well.
	a.raise = v.ByVolume == ReadOnly && !o.Alarm
	pressed := v.Level >= Full || o.Size*100 >= o.Quota*fullQuota
	compaction, defragmentation := nearCompaction, nearInterval
	if v.Level >= Full {
		compaction, defragmentation = fullCompaction, fullInterval
	}
	if o.Alarm {
		compaction = alarmCompaction
	}
	a.compact = (pressed || v.ByQuota >= Scarce) && o.Past > h.compactedTo && o.At.Sub(h.compacted) >= compaction
	gain := max(mib, o.Size/pressedGain)
	if o.Alarm {
		gain = max(mib, o.Size/alarmGain)
	}
	free := o.Size - o.InUse
	since := o.At.Sub(h.defragmented)
	usual := free >= max(usualGain, o.Size/2) && since >= usualInterval
	a.defragment = usual || pressed && free >= gain && since >= max(defragmentation, restFactor*h.took)
	if a.defragment && o.VolumeSize > 0 && o.VolumeFree < o.InUse+spare {
		a.defragment, a.cramped = false, true
	}
	// etcd raises the alarm again with the next write when there is still no room.
	a.disarm = o.Alarm && v.ByVolume < ReadOnly && o.Size*100 < o.Quota*disarmQuota
	return a
}
