// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package storagespace keeps the embedded etcd from running out of space: it gives room back, refuses
// what makes the database grow before etcd refuses everything, and tells administrators what to do.
package storagespace

import (
	"fmt"
	"time"
)

// Level is how much room there is.
type Level int

const (
	Enough Level = iota
	// Scarce is Enough for now; somebody should look.
	Scarce
	// Full refuses new objects. Objects that are there can still be changed and deleted.
	Full
	// ReadOnly is etcd's alarm NOSPACE: nothing is written. Reads and watches go on, and so do deletions of objects without finalizers.
	ReadOnly
)

const (
	mib = int64(1) << 20
	// Shares of the quota, in percent. The distance between Full and 100 is what changes and deletions may take.
	scarceQuota, fullQuota = 80, 90
	// fullFile is the same for the file with its free pages, which etcd counts too: until they are given back
	// by a defragmentation, or when they are too few for that.
	fullFile = 95
	// What must be free on the volume. etcd's log takes pieces of 64 MB, of which it makes one in advance, and
	// etcd exits when it gets none.
	fullVolume, readOnlyVolume = 256 * mib, 128 * mib
	// scarceVolumePart of the volume being free, and no less than fullVolume, is Enough. So is what the database can
	// come to need of a large volume: its quota, and as much again to be rewritten.
	scarceVolumePart = 10
	// better is by how many percent things must be better than the limit before a level is left.
	better = 10
)

// Observation is what is known of a member and its volume at a time.
type Observation struct {
	At time.Time
	// Quota limits Size. All sizes are in bytes.
	Quota int64
	// Size is that of the database file, InUse what of it is no free page.
	Size, InUse int64
	// VolumeSize and VolumeFree are those of the file system.
	VolumeSize, VolumeFree int64
	// Alarm tells that NOSPACE is raised for this member.
	Alarm bool
	// Past is the revision of the look before: clients that keep up no longer read history before it.
	Past int64
}

// Verdict is a level with its reasons.
type Verdict struct {
	Level Level
	// ByQuota and ByVolume are the levels by each limit alone; the alarm comes on top.
	ByQuota, ByVolume Level
	// Used is the share of the quota in use, in whole tens of percent so that texts do not change all the time.
	Used int64
}

// assess judges an observation, given the verdict before it.
func assess(o Observation, before Verdict) Verdict {
	v := Verdict{ByQuota: byQuota(o, before.ByQuota), ByVolume: byVolume(o, before.ByVolume)}
	if o.Quota > 0 {
		used := o.InUse
		if v.ByQuota == Full {
			used = max(used, o.Size)
		}
		v.Used = min(used*10/o.Quota*10, 100)
	}
	v.Level = max(v.ByQuota, v.ByVolume)
	if o.Alarm {
		v.Level = ReadOnly
	}
	return v
}

func byQuota(o Observation, before Level) Level {
	if o.Quota <= 0 {
		return Enough
	}
	reached := func(level Level, size, percent int64) bool {
		if before >= level {
			percent -= better
		}
		return size*100 >= o.Quota*percent
	}
	switch {
	case reached(Full, o.InUse, fullQuota) || reached(Full, o.Size, fullFile):
		return Full
	case reached(Scarce, o.InUse, scarceQuota):
		return Scarce
	default:
		return Enough
	}
}

func byVolume(o Observation, before Level) Level {
	for _, limit := range []struct {
		level Level
		free  int64
	}{{ReadOnly, readOnlyVolume}, {Full, fullVolume}, {Scarce, scarceVolume(o)}} {
		free := limit.free
		if before >= limit.level {
			free += free * better / 100
		}
		if o.VolumeSize > 0 && o.VolumeFree < free {
			return limit.level
		}
	}
	return Enough
}

// scarceVolume returns how much of the volume must be free, in bytes, for nobody to have to look.
func scarceVolume(o Observation) int64 {
	part := o.VolumeSize / scarceVolumePart
	if o.Quota > 0 {
		part = min(part, 2*o.Quota+fullVolume)
	}
	return max(part, fullVolume)
}

// problem tells an administrator what is the matter, in words that stay the same while it lasts.
func (v Verdict) problem(quota int64) error {
	if v.Level == Enough {
		return nil
	}
	effect := map[Level]string{
		Scarce:   "there is little room left",
		Full:     "new objects are refused; objects can be changed and deleted",
		ReadOnly: "etcd has raised the alarm NOSPACE and nothing is written; reads go on",
	}[v.Level]
	cause := fmt.Sprintf("at least %d %% of the quota of %d MiB are in use: delete objects that are not needed, or raise --etcd-quota-backend-bytes", v.Used, quota/mib)
	switch {
	case v.ByVolume > v.ByQuota:
		cause = "the volume of --data-dir is nearly full: enlarge the volume claim, or remove what else is on the volume (backups, replaced-* of a restore)"
	case v.ByQuota == Enough:
		cause = "space is being given back; see the log for what is missing"
	}
	return fmt.Errorf("%s: %s", effect, cause)
}
