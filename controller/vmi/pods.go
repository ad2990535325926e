// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/virtplane/virtplane/controller/reason"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

// launcher returns the status of the launcher's container, or nil while there is none.
func launcher(pod *corev1.Pod) *corev1.ContainerStatus {
	for i := range pod.Status.ContainerStatuses {
		if pod.Status.ContainerStatuses[i].Name == template.ContainerName {
			return &pod.Status.ContainerStatuses[i]
		}
	}
	return nil
}

// terminated tells that the launcher has ended, or will never start.
func terminated(pod *corev1.Pod) bool {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return true
	}
	compute := launcher(pod)
	return compute != nil && compute.State.Terminated != nil
}

func podCondition(pod *corev1.Pod, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == t {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// unscheduled returns why the scheduler finds no node, or nil.
func unscheduled(pod *corev1.Pod) *Problem {
	c := podCondition(pod, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse {
		return nil
	}
	why := orElse(c.Reason, reason.Unschedulable)
	if why == reason.Unschedulable && strings.Contains(c.Message, "persistentvolumeclaim") && strings.Contains(c.Message, "not found") {
		why = reason.FailedPvcNotFound
	}
	return &Problem{Reason: why, Message: c.Message}
}

// waiting returns why the kubelet cannot start the container, or nil.
func waiting(pod *corev1.Pod) *Problem {
	compute := launcher(pod)
	if compute == nil || compute.State.Waiting == nil {
		return nil
	}
	switch w := compute.State.Waiting; w.Reason {
	case "", "ContainerCreating", "PodInitializing":
		return nil // on its way
	default:
		return &Problem{Reason: w.Reason, Message: w.Message}
	}
}
