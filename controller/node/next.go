// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package node keeps the label by which launcher pods find their nodes, from the readiness of each
// node's plugin. The plugin itself has no right on Node objects.
package node

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// heartbeatInterval is the time between two heartbeats of a node, plus up to heartbeatJitter of it.
	heartbeatInterval = 60 * time.Second
	heartbeatJitter   = 0.2
)

// State is all that the next step of a node depends on.
type State struct {
	// Node is the node.
	Node *corev1.Node
	// Plugins are the pods of the node plugin on the node.
	Plugins []*corev1.Pod
	// Now is the time.
	Now time.Time
	// Jitter in [0,1) spreads the heartbeats.
	Jitter float64
}

// Change is what shall be written to a node; the zero value changes nothing.
type Change struct {
	// Schedulable is the label's new value; empty when it stays.
	Schedulable string
	// Heartbeat is the annotation's new value; empty when it stays.
	Heartbeat string
}

// Next returns what to write, and after which time to look again; zero when only a change matters.
func Next(s State) (Change, time.Duration) {
	schedulable := s.Node.Labels[v1.NodeSchedulableLabel]
	if !anyReady(s.Plugins) {
		if schedulable == "true" {
			return Change{Schedulable: "false"}, 0
		}
		return Change{}, 0
	}
	interval := heartbeatInterval + time.Duration(float64(heartbeatInterval)*heartbeatJitter*s.Jitter)
	age := heartbeatInterval
	if last, err := time.Parse(time.RFC3339, s.Node.Annotations[v1.NodeHeartbeatAnnotation]); err == nil {
		age = s.Now.Sub(last)
	}
	// A heartbeat from the future is a clock that was set back.
	if schedulable == "true" && age >= 0 && age < heartbeatInterval {
		return Change{}, interval - age
	}
	return Change{Schedulable: "true", Heartbeat: s.Now.UTC().Format(time.RFC3339)}, interval
}

func anyReady(plugins []*corev1.Pod) bool {
	for _, pod := range plugins {
		if pod.DeletionTimestamp != nil {
			continue
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				return true
			}
		}
	}
	return false
}
