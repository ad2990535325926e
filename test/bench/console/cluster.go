// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned"
)

// cluster is what is measured.
type cluster struct {
	options
	config *rest.Config
	core   kubernetes.Interface
	virt   versioned.Interface
	// guestIP and podIP are reached from this machine without any help.
	guestIP, podIP string
	// terminal is the serial console of the guest, logged in.
	terminal *terminal
}

func connect(o options) (*cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
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
	return &cluster{options: o, config: config, core: core, virt: virt}, nil
}

// listeners are the servers, the same in the guest and in the pod.
var listeners = fmt.Sprintf("nc -ll -p %d -e cat /dev/zero & nc -ll -p %d -e cat &", streamPort, echoPort)

// start runs the guest and the pod on one node, with their servers.
func (c *cluster) start(ctx context.Context) error {
	vmis, pods := c.virt.KubevirtV1().VirtualMachineInstances(c.namespace), c.core.CoreV1().Pods(c.namespace)
	if _, err := vmis.Create(ctx, c.instance(), metav1.CreateOptions{}); err != nil {
		return fail("create instance", err)
	}
	node := ""
	if err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		vmi, err := vmis.Get(ctx, guestName, metav1.GetOptions{})
		if err != nil || vmi.Status.Phase != v1.Running || len(vmi.Status.Interfaces) == 0 || vmi.Status.Interfaces[0].IP == "" {
			return false, err
		}
		node, c.guestIP = vmi.Status.NodeName, vmi.Status.Interfaces[0].IP
		return true, nil
	}); err != nil {
		return fail("wait for the instance", err)
	}
	if _, err := pods.Create(ctx, c.pod(node), metav1.CreateOptions{}); err != nil {
		return fail("create pod", err)
	}
	if err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		pod, err := pods.Get(ctx, podName, metav1.GetOptions{})
		if err != nil || pod.Status.Phase != corev1.PodRunning {
			return false, err
		}
		c.podIP = pod.Status.PodIP
		return true, nil
	}); err != nil {
		return fail("wait for the pod", err)
	}
	var err error
	if c.terminal, err = c.login(ctx); err != nil {
		return fail("log in at the serial console", err)
	}
	return c.terminal.command(ctx, listeners+" true")
}

// pod is a plain pod with the servers; its log is what a console is compared with.
func (c *cluster) pod(node string) *corev1.Pod {
	grace := int64(0)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: podName},
		Spec: corev1.PodSpec{
			NodeName: node, TerminationGracePeriodSeconds: &grace, RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{
				Name: "tools", Image: c.tools, ImagePullPolicy: corev1.PullIfNotPresent,
				Command: []string{"sh", "-c", "seq 2000; " + listeners + " wait"},
			}},
		},
	}
}

// instance is a guest with 1 CPU and 128 MiB that ends at once when it is deleted.
func (c *cluster) instance() *v1.VirtualMachineInstance {
	memory, grace, no := resource.MustParse("128Mi"), int64(0), false
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: guestName}}
	vmi.Spec.TerminationGracePeriodSeconds = &grace
	vmi.Spec.Domain.Memory = &v1.Memory{Guest: &memory}
	vmi.Spec.Domain.Devices.AutoattachGraphicsDevice = &no
	vmi.Spec.Domain.Devices.Disks = []v1.Disk{
		{Name: "root", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}},
		{Name: "seed", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}},
	}
	vmi.Spec.Volumes = []v1.Volume{
		{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: c.guest, ImagePullPolicy: corev1.PullIfNotPresent}}},
		{Name: "seed", VolumeSource: v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{
			UserData: "#cloud-config\nchpasswd: {expire: false, users: [{name: root, password: " + password + ", type: text}]}\n"}}},
	}
	return vmi
}
