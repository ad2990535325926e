// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// TrimNode leaves of a node the label and the annotation that are written, and whether the kubelet answers.
func TrimNode(node *corev1.Node) {
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

// TrimPlugin leaves of a pod of the node plugin where it runs and whether it is ready.
func TrimPlugin(pod *corev1.Pod) {
	pod.ObjectMeta = metav1.ObjectMeta{
		Namespace:         pod.Namespace,
		Name:              pod.Name,
		UID:               pod.UID,
		ResourceVersion:   pod.ResourceVersion,
		DeletionTimestamp: pod.DeletionTimestamp,
	}
	pod.Spec = corev1.PodSpec{NodeName: pod.Spec.NodeName}
	status := corev1.PodStatus{}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			status.Conditions = []corev1.PodCondition{{Type: c.Type, Status: c.Status}}
		}
	}
	pod.Status = status
}
