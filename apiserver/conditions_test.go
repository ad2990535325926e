// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"testing"
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestProblemsOfReplicasAreNotedBesideEachOther(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	all := []v1.KubeVirtCondition{{Type: v1.KubeVirtConditionAvailable, Status: v1.ConditionTrue, Message: "kept"}}
	for _, step := range []struct {
		server, says string
		changed      bool
		status       v1.ConditionStatus
		message      string
		// since is when the status last changed, in seconds from the first step.
		since int
	}{
		{"virt-apiserver-1", "", false, "", "", 0},
		{"virt-apiserver-1", "the volume is full", true, v1.ConditionTrue, "virt-apiserver-1: the volume is full", 1},
		{"virt-apiserver-1", "the volume is full", false, v1.ConditionTrue, "virt-apiserver-1: the volume is full", 1},
		{"virt-apiserver-0", "the quota\nis used", true, v1.ConditionTrue, "virt-apiserver-0: the quota is used\nvirt-apiserver-1: the volume is full", 1},
		{"virt-apiserver-1", "", true, v1.ConditionTrue, "virt-apiserver-0: the quota is used", 1},
		{"virt-apiserver-0", "", true, v1.ConditionFalse, "", 5},
		{"virt-apiserver-0", "", false, v1.ConditionFalse, "", 5},
		{"virt-apiserver-0", "again", true, v1.ConditionTrue, "virt-apiserver-0: again", 7},
	} {
		var changed bool
		before := len(all)
		all, changed = noted(all, "StorageSpace", step.server, step.says, now)
		now = now.Add(time.Second)
		if changed != step.changed {
			t.Errorf("%+v: changed %v", step, changed)
		}
		if step.status == "" {
			if len(all) != before {
				t.Errorf("%+v: noted %+v", step, all)
			}
			continue
		}
		c := all[1]
		if len(all) != 2 || c.Status != step.status || c.Message != step.message || c.LastTransitionTime.Second() != 5+step.since {
			t.Errorf("%+v: noted %+v", step, all)
		}
	}
	if all[0].Message != "kept" {
		t.Errorf("another condition is now %+v", all[0])
	}
}
