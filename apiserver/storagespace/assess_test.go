// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"strings"
	"testing"
)

const gib = int64(1) << 30

// roomy is a member with nothing to complain of, changed.
func roomy(changes ...func(*Observation)) Observation {
	o := Observation{Quota: 8 * gib, Size: gib, InUse: gib, VolumeSize: 10 * gib, VolumeFree: 8 * gib}
	for _, change := range changes {
		change(&o)
	}
	return o
}

func inUse(percent int64) func(*Observation) {
	return func(o *Observation) { o.InUse = (o.Quota*percent + 99) / 100; o.Size = max(o.Size, o.InUse) }
}

func free(bytes int64) func(*Observation) { return func(o *Observation) { o.VolumeFree = bytes } }

func alarmed(o *Observation) { o.Alarm = true }

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		name   string
		before Verdict
		now    Observation
		want   Level
		say    string
	}{
		{"a new server", Verdict{}, roomy(), Enough, ""},
		{"most of the quota in use", Verdict{}, roomy(inUse(80)), Scarce, "at least 80 % of the quota of 8192 MiB"},
		{"a file that is large by free pages alone", Verdict{}, roomy(func(o *Observation) { o.Size = 7 * gib }), Enough, ""},
		{"a file at the quota by free pages", Verdict{}, roomy(func(o *Observation) { o.Size = o.Quota * 96 / 100 }), Full, "at least 90 %"},
		{"nearly all of the quota in use", Verdict{}, roomy(inUse(90)), Full, "--etcd-quota-backend-bytes"},
		{"a little better than full", Verdict{ByQuota: Full}, roomy(inUse(85)), Full, "new objects are refused"},
		{"better than full", Verdict{ByQuota: Full}, roomy(inUse(79)), Scarce, "little room"},
		{"far better than full", Verdict{ByQuota: Full}, roomy(inUse(60)), Enough, ""},
		{"less than a tenth of the volume free", Verdict{}, roomy(free(gib - 1)), Scarce, "volume of --data-dir"},
		{"less than a tenth of a large volume, more than the database can fill", Verdict{}, roomy(free(20*gib), func(o *Observation) { o.VolumeSize = 250 * gib }), Enough, ""},
		{"less of a large volume than the database can fill", Verdict{}, roomy(free(15*gib), func(o *Observation) { o.VolumeSize = 250 * gib }), Scarce, "volume of --data-dir"},
		{"a small volume", Verdict{}, roomy(free(300*mib), func(o *Observation) { o.VolumeSize = gib }), Enough, ""},
		{"a volume without room for much", Verdict{}, roomy(free(255 * mib)), Full, "enlarge the volume claim"},
		{"a volume without room for etcd's log", Verdict{}, roomy(free(127 * mib)), ReadOnly, "enlarge the volume claim"},
		{"a volume at the edge", Verdict{ByVolume: ReadOnly}, roomy(free(130 * mib)), ReadOnly, "enlarge the volume claim"},
		{"a volume with room again", Verdict{ByVolume: ReadOnly}, roomy(free(2 * gib)), Enough, ""},
		{"the alarm", Verdict{}, roomy(inUse(95), alarmed), ReadOnly, "alarm NOSPACE"},
		{"an alarm that is about to end", Verdict{}, roomy(alarmed), ReadOnly, "space is being given back"},
		{"a volume that is not known", Verdict{}, roomy(func(o *Observation) { o.VolumeSize, o.VolumeFree = 0, 0 }), Enough, ""},
	} {
		v := assess(c.now, c.before)
		if v.Level != c.want {
			t.Errorf("%s: level %d, want %d", c.name, v.Level, c.want)
		}
		problem := v.problem(c.now.Quota)
		switch {
		case c.say == "" && problem != nil:
			t.Errorf("%s: tells %v", c.name, problem)
		case c.say != "" && (problem == nil || !strings.Contains(problem.Error(), c.say)):
			t.Errorf("%s: tells %v, want %q", c.name, problem, c.say)
		}
	}
}
