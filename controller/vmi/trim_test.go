// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxTrimmed is the size in bytes of a trimmed pod on the wire; in memory it is a few times that,
// of the 40 KiB that all objects of a guest may take together.
const maxTrimmed = 1 << 10

func TestTrimmedPodIsSmall(t *testing.T) {
	vmi := instance("Running")
	pod := podOf(t, vmi, "running", "n1")
	pod.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet", FieldsV1: metav1.NewFieldsV1("{}")}}
	pod.Status.Conditions = []corev1.PodCondition{
		{Type: corev1.PodReady, Status: corev1.ConditionTrue},
		{Type: corev1.PodInitialized, Status: corev1.ConditionTrue},
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "compute", Image: "launcher:1",
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	before := pod.Size()
	TrimPod(pod)
	if pod.Size() > maxTrimmed || pod.Size() > before/2 {
		t.Errorf("%d bytes of %d are left", pod.Size(), before)
	}
	if pod.Labels != nil || pod.ManagedFields != nil || len(pod.Status.Conditions) != 2 {
		t.Errorf("left: %+v", pod)
	}
}
