// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// CreatePod makes a plain pod of the tools image on a node, which runs a shell line.
func (n *Namespace) CreatePod(name, node, line string) {
	n.Helper()
	_, err := n.Kube.CoreV1().Pods(n.ID).Create(Context(n, Quick), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			NodeName:                      node,
			TerminationGracePeriodSeconds: ptr.To[int64](1),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   ptr.To(true),
				RunAsUser:      ptr.To[int64](1000),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name:            "tools",
				Image:           ToolsImage,
				ImagePullPolicy: corev1.PullNever,
				Command:         []string{"sh", "-c", line},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}, metav1.CreateOptions{})
	Need(n, err, "create pod "+name)
}

// AwaitPod waits until a pod runs.
func (n *Namespace) AwaitPod(name string) *corev1.Pod {
	n.Helper()
	return await(n, n.History, name, time.Now(), Boot, "Running with an address", func(pod *corev1.Pod) bool {
		return pod != nil && pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP != ""
	})
}

// AwaitNoPod waits until there is no pod of that name.
func (n *Namespace) AwaitNoPod(name string) {
	n.Helper()
	await(n, n.History, name, time.Now(), Boot, "gone", func(pod *corev1.Pod) bool { return pod == nil })
}

// Launcher returns the pod that runs an instance.
func (n *Namespace) Launcher(vmi *v1.VirtualMachineInstance) *corev1.Pod {
	n.Helper()
	pods, err := n.Kube.CoreV1().Pods(n.ID).List(Context(n, Quick), metav1.ListOptions{
		LabelSelector: v1.CreatedByLabel + "=" + string(vmi.UID),
	})
	Need(n, err, "list launcher pods")
	if len(pods.Items) != 1 {
		n.Fatalf("instance %s has %d launcher pods", vmi.Name, len(pods.Items))
	}
	return &pods.Items[0]
}

// Pods returns the names of all pods.
func (n *Namespace) Pods() []string {
	n.Helper()
	pods, err := n.Kube.CoreV1().Pods(n.ID).List(Context(n, Quick), metav1.ListOptions{})
	Need(n, err, "list pods")
	var names []string
	for _, pod := range pods.Items {
		names = append(names, pod.Name)
	}
	return names
}
