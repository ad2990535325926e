// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// patience is how long one start or end may take before the run is given up.
const patience = 3 * time.Minute

// stepOrder is the order in which the steps of a start are printed.
var stepOrder = []string{
	"request answered", "launcher pod created", "pod bound to a node", "instance Scheduled",
	"pod sandbox and volumes ready", "container running", "instance Running",
}

// timing is one start of an instance, in seconds since the request was sent.
type timing struct {
	running float64
	steps   map[string]float64
}

// startInstances creates instances 100 ms apart and returns how long each took to run.
func (c *cluster) startInstances(ctx context.Context, names []string, guest string, start *v1.StartStrategy) ([]timing, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	vmis, err := c.virt.KubevirtV1().VirtualMachineInstances(c.namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fail("watch instances", err)
	}
	defer vmis.Stop()
	pods, err := c.core.CoreV1().Pods(c.namespace).Watch(ctx, metav1.ListOptions{LabelSelector: v1.AppLabel + "=" + v1.AppLabelLauncher})
	if err != nil {
		return nil, fail("watch pods", err)
	}
	defer pods.Stop()

	begun := make([]time.Time, len(names))
	timings := make([]timing, len(names))
	index := map[string]int{}
	for i, name := range names {
		index[name] = i
		timings[i].steps = map[string]float64{}
	}
	problems := make(chan error, len(names))
	answered := make(chan int, len(names))
	begin := func(i int) {
		_, err := c.virt.KubevirtV1().VirtualMachineInstances(c.namespace).Create(ctx, instance(names[i], guest, start), metav1.CreateOptions{})
		if err != nil {
			problems <- fail("create instance", err)
			return
		}
		answered <- i
	}
	created := 0
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	launch := func() {
		if created < len(names) {
			begun[created] = time.Now()
			go begin(created)
			created++
		}
	}
	launch()
	mark := func(i int, step string) {
		if _, seen := timings[i].steps[step]; !seen {
			timings[i].steps[step] = time.Since(begun[i]).Seconds()
		}
	}
	for left := len(names); left > 0; {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for instances: %d of %d do not run: %w", left, len(names), ctx.Err())
		case err := <-problems:
			return nil, err
		case i := <-answered:
			mark(i, "request answered")
		case <-tick.C:
			launch()
		case e, ok := <-vmis.ResultChan():
			if !ok {
				return nil, fmt.Errorf("watch instances: ended early")
			}
			vmi, ok := e.Object.(*v1.VirtualMachineInstance)
			if !ok {
				continue
			}
			i, mine := index[vmi.Name]
			if !mine || e.Type == watch.Deleted {
				continue
			}
			switch vmi.Status.Phase {
			case v1.Scheduled:
				mark(i, "instance Scheduled")
			case v1.Running:
				if timings[i].running == 0 {
					mark(i, "instance Running")
					timings[i].running = timings[i].steps["instance Running"]
					left--
				}
			case v1.Failed:
				return nil, fmt.Errorf("instance %s failed: %+v", vmi.Name, vmi.Status.Conditions)
			}
		case e, ok := <-pods.ResultChan():
			if !ok {
				return nil, fmt.Errorf("watch pods: ended early")
			}
			pod, ok := e.Object.(*corev1.Pod)
			if !ok {
				continue
			}
			i, mine := index[pod.Annotations[v1.DomainAnnotation]]
			if !mine {
				continue
			}
			markPod(pod, func(step string) { mark(i, step) })
		}
	}
	return timings, nil
}

func markPod(pod *corev1.Pod, mark func(string)) {
	mark("launcher pod created")
	if pod.Spec.NodeName != "" {
		mark("pod bound to a node")
	}
	for _, condition := range pod.Status.Conditions {
		if strings.HasPrefix(string(condition.Type), "PodReadyToStartContainers") && condition.Status == corev1.ConditionTrue {
			mark("pod sandbox and volumes ready")
		}
	}
	if pod.Status.Phase == corev1.PodRunning {
		mark("container running")
	}
}

// endInstances deletes instances at once and returns how long each took to be gone.
func (c *cluster) endInstances(ctx context.Context, names []string) ([]float64, error) {
	client := c.virt.KubevirtV1().VirtualMachineInstances(c.namespace)
	return end(ctx, names, client.Watch, client.Delete)
}
