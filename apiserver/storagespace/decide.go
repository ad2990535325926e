// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import "time"

const (
	// usualInterval and pressedInterval are how often a member is defragmented at most: it does not answer meanwhile.
	usualInterval, pressedInterval = time.Hour, 2 * time.Minute
	// usualGain is what a defragmentation must give back when there is room enough: half of the file, and this much.
	usualGain = 100 * mib
	// pressedGain is the same when room is needed, in parts of the file.
	pressedGain = 8
	// compactInterval is how often history is given up early when room is needed. With the alarm raised only
	// deletions make history, and each of them is to count at once.
	compactInterval, alarmCompactInterval = time.Minute, time.Second
	// spare is what a defragmentation leaves free on the volume beside the second file that it writes.
	spare = 64 * mib
)

// history is what was done before.
type history struct {
	compacted, defragmented time.Time
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
	every := compactInterval
	if o.Alarm {
		every = alarmCompactInterval
	}
	a.compact = pressed && o.Past > h.compactedTo && o.At.Sub(h.compacted) >= every
	free := o.Size - o.InUse
	since := o.At.Sub(h.defragmented)
	usual := free >= max(usualGain, o.Size/2) && since >= usualInterval
	a.defragment = usual || pressed && free >= max(mib, o.Size/pressedGain) && since >= pressedInterval
	if a.defragment && o.VolumeSize > 0 && o.VolumeFree < o.InUse+spare {
		a.defragment, a.cramped = false, true
	}
	// etcd raises the alarm again with the next write when there is still no room.
	a.disarm = o.Alarm && v.ByVolume < ReadOnly && o.Size*100 < o.Quota*fullQuota
	return a
}
