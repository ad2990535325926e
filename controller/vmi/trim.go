// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TrimPod leaves of a launcher pod what Next looks at, about a tenth: there is one for each running guest.
func TrimPod(pod *corev1.Pod) {
	pod.ObjectMeta = metav1.ObjectMeta{
		Namespace:                  pod.Namespace,
		Name:                       pod.Name,
		UID:                        pod.UID,
		ResourceVersion:            pod.ResourceVersion,
		CreationTimestamp:          pod.CreationTimestamp,
		DeletionTimestamp:          pod.DeletionTimestamp,
		DeletionGracePeriodSeconds: pod.DeletionGracePeriodSeconds,
		OwnerReferences:            pod.OwnerReferences,
	}
	pod.Spec = corev1.PodSpec{
		NodeName:                      pod.Spec.NodeName,
		TerminationGracePeriodSeconds: pod.Spec.TerminationGracePeriodSeconds,
	}
	status := corev1.PodStatus{
		Phase:    pod.Status.Phase,
		Reason:   pod.Status.Reason,
		Message:  pod.Status.Message,
		QOSClass: pod.Status.QOSClass,
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady || c.Type == corev1.PodScheduled {
			status.Conditions = append(status.Conditions, corev1.PodCondition{
				Type: c.Type, Status: c.Status, Reason: c.Reason, Message: c.Message})
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, State: c.State})
	}
	pod.Status = status
}
