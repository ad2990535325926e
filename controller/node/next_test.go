// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var now = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func node(label string, beat time.Time) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: map[string]string{}, Annotations: map[string]string{}}}
	if label != "" {
		n.Labels[v1.NodeSchedulableLabel] = label
	}
	if !beat.IsZero() {
		n.Annotations[v1.NodeHeartbeatAnnotation] = beat.Format(time.RFC3339)
	}
	return n
}

func plugin(ready corev1.ConditionStatus, deleted bool) *corev1.Pod {
	pod := &corev1.Pod{}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	if deleted {
		pod.DeletionTimestamp = &metav1.Time{Time: now}
	}
	return pod
}

func TestLabelFollowsThePlugin(t *testing.T) {
	ready, unready, leaving := plugin(corev1.ConditionTrue, false), plugin(corev1.ConditionFalse, false), plugin(corev1.ConditionTrue, true)
	beat := now.Format(time.RFC3339)
	for name, c := range map[string]struct {
		node    *corev1.Node
		plugins []*corev1.Pod
		want    Change
		after   time.Duration
	}{
		"a new node gets the label when its plugin is ready": {node("", time.Time{}), []*corev1.Pod{ready}, Change{"true", beat}, time.Minute},
		"nothing is written between two heartbeats":          {node("true", now.Add(-20*time.Second)), []*corev1.Pod{ready}, Change{}, 40 * time.Second},
		"a heartbeat is due after a minute":                  {node("true", now.Add(-time.Minute)), []*corev1.Pod{ready}, Change{"true", beat}, time.Minute},
		"a label of false turns true at once":                {node("false", now), []*corev1.Pod{ready}, Change{"true", beat}, time.Minute},
		"a heartbeat from the future is replaced":            {node("true", now.Add(time.Hour)), []*corev1.Pod{ready}, Change{"true", beat}, time.Minute},
		"a heartbeat that is no time is replaced":            {node("true", time.Time{}), []*corev1.Pod{ready}, Change{"true", beat}, time.Minute},
		"a plugin that is not ready takes the label back":    {node("true", now), []*corev1.Pod{unready}, Change{Schedulable: "false"}, 0},
		"a plugin that is gone takes the label back":         {node("true", now), nil, Change{Schedulable: "false"}, 0},
		"a plugin that is leaving takes the label back":      {node("true", now), []*corev1.Pod{leaving}, Change{Schedulable: "false"}, 0},
		"one that comes while another leaves is enough":      {node("true", now), []*corev1.Pod{leaving, ready}, Change{}, time.Minute},
		"false is not written twice":                         {node("false", now.Add(-time.Hour)), nil, Change{}, 0},
		"a node without plugin is left alone":                {node("", time.Time{}), nil, Change{}, 0},
		"a plugin that was never ready writes nothing":       {node("", time.Time{}), []*corev1.Pod{unready}, Change{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			TrimNode(c.node)
			for _, pod := range c.plugins {
				TrimPlugin(pod)
			}
			got, after := Next(State{Node: c.node, Plugins: c.plugins, Now: now})
			if got != c.want || after != c.after {
				t.Errorf("got %+v after %s, want %+v after %s", got, after, c.want, c.after)
			}
		})
	}
}

func TestHeartbeatsAreSpread(t *testing.T) {
	_, after := Next(State{Node: node("true", now), Plugins: []*corev1.Pod{plugin(corev1.ConditionTrue, false)}, Now: now, Jitter: 0.5})
	if after != 66*time.Second {
		t.Errorf("next look after %s, want 66 s", after)
	}
}

func TestPatchNamesOnlyWhatChanges(t *testing.T) {
	for want, change := range map[string]Change{
		`{"metadata":{"labels":{"kubevirt.io/schedulable":"false"}}}`:                                            {Schedulable: "false"},
		`{"metadata":{"annotations":{"kubevirt.io/heartbeat":"x"},"labels":{"kubevirt.io/schedulable":"true"}}}`: {Schedulable: "true", Heartbeat: "x"},
	} {
		if got := string(change.patch()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
