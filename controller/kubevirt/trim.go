// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TrimDeployment keeps what the status depends on.
func TrimDeployment(d *appsv1.Deployment) {
	d.ObjectMeta, d.Spec.Template = trim(&d.ObjectMeta), corev1.PodTemplateSpec{}
}

// TrimStatefulSet keeps what the status depends on.
func TrimStatefulSet(s *appsv1.StatefulSet) {
	s.ObjectMeta, s.Spec.Template = trim(&s.ObjectMeta), corev1.PodTemplateSpec{}
}

// TrimDaemonSet keeps what the status depends on.
func TrimDaemonSet(d *appsv1.DaemonSet) {
	d.ObjectMeta, d.Spec.Template = trim(&d.ObjectMeta), corev1.PodTemplateSpec{}
}

func trim(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, Generation: m.Generation}
}
