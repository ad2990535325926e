// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Virtual machines and instances are written back whole, so that only what the API server ignores
// in a write may be dropped of them.

func trimVM(vm *v1.VirtualMachine) { vm.ManagedFields = nil }

func trimVMI(vmi *v1.VirtualMachineInstance) { vmi.ManagedFields = nil }

// trimPod keeps what the decisions look at, about a tenth of a launcher pod.
func trimPod(pod *corev1.Pod) {
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

// trimNode keeps the label and the annotation that are written, and whether the kubelet answers.
func trimNode(node *corev1.Node) {
	node.ObjectMeta = metav1.ObjectMeta{
		Name:            node.Name,
		UID:             node.UID,
		ResourceVersion: node.ResourceVersion,
		Labels:          only(node.Labels, v1.NodeSchedulableLabel),
		Annotations:     only(node.Annotations, v1.NodeHeartbeatAnnotation),
	}
	node.Spec = corev1.NodeSpec{}
	status := corev1.NodeStatus{}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			status.Conditions = []corev1.NodeCondition{{Type: c.Type, Status: c.Status}}
		}
	}
	node.Status = status
}

func only(m map[string]string, key string) map[string]string {
	if value, ok := m[key]; ok {
		return map[string]string{key: value}
	}
	return nil
}
