// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned"
)

// cluster is what is measured.
type cluster struct {
	core      kubernetes.Interface
	virt      versioned.Interface
	namespace string
	launcher  string
}

func connect(kubeconfig, namespace string) (*cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fail("read kubeconfig", err)
	}
	// The client must not be what is measured.
	config.QPS, config.Burst = 500, 1000
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fail("make client", err)
	}
	virt, err := versioned.NewForConfig(config)
	if err != nil {
		return nil, fail("make client of virtplane", err)
	}
	return &cluster{core: core, virt: virt, namespace: namespace}, nil
}

// launcherImage returns the image that virt-controller starts.
func (c *cluster) launcherImage(ctx context.Context) (string, error) {
	d, err := c.core.AppsV1().Deployments("virtplane-system").Get(ctx, "virt-controller", metav1.GetOptions{})
	if err != nil {
		return "", fail("get virt-controller", err)
	}
	for _, arg := range d.Spec.Template.Spec.Containers[0].Args {
		if image, ok := strings.CutPrefix(arg, "--launcher-image="); ok {
			return image, nil
		}
	}
	return "", fmt.Errorf("get virt-controller: no argument --launcher-image")
}

// pod is a pod of the launcher's image that does nothing: the least that any instance can take.
func (c *cluster) pod(name string) *corev1.Pod {
	no, yes, user, grace := false, true, int64(v1.RuntimeUID), int64(0)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken:  &no,
			EnableServiceLinks:            &no,
			TerminationGracePeriodSeconds: &grace,
			RestartPolicy:                 corev1.RestartPolicyNever,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsUser: &user, RunAsGroup: &user, RunAsNonRoot: &yes,
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "idle", Image: c.launcher, ImagePullPolicy: corev1.PullIfNotPresent,
				// The image has no shell; virsh waits for input for ever.
				Command: []string{"/usr/bin/virsh", "--connect", "test:///default", "event", "--loop", "--all"},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no,
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}

// instance is a guest with 1 CPU and 128 MiB that ends at once when it is deleted.
func instance(name, guest string, start *v1.StartStrategy) *v1.VirtualMachineInstance {
	memory, grace, no := resource.MustParse("128Mi"), int64(0), false
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: name}}
	vmi.Spec.TerminationGracePeriodSeconds = &grace
	vmi.Spec.StartStrategy = start
	vmi.Spec.Domain.Memory = &v1.Memory{Guest: &memory}
	vmi.Spec.Domain.Devices.AutoattachGraphicsDevice = &no
	vmi.Spec.Domain.Devices.Disks = []v1.Disk{{
		Name: "root", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}}}
	vmi.Spec.Volumes = []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{
		ContainerDisk: &v1.ContainerDiskSource{Image: guest, ImagePullPolicy: corev1.PullIfNotPresent}}}}
	return vmi
}
