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
	// compactInterval is how often history is given up early when room is needed.
	compactInterval = time.Minute
	// spare is what a defragmentation leaves free on the volume beside the second file that it writes.
	spare = 64 * mib
)

// history is what was done before.
type history struct{ compacted, defragmented time.Time }

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
	pressed := v.Level >= Full || o.Size >= o.Quota/100*fullQuota
	a.compact = pressed && o.At.Sub(h.compacted) >= compactInterval
	free := o.Size - o.InUse
	since := o.At.Sub(h.defragmented)
	usual := free >= max(usualGain, o.Size/2) && since >= usualInterval
	a.defragment = usual || pressed && free >= max(mib, o.Size/pressedGain) && since >= pressedInterval
	if a.defragment && o.VolumeSize > 0 && o.VolumeFree < o.InUse+spare {
		a.defragment, a.cramped = false, true
	}
	// etcd raises the alarm again with the next write when there is still no room.
	a.disarm = o.Alarm && v.ByVolume < ReadOnly && o.Size < o.Quota/100*fullQuota
	return a
}
