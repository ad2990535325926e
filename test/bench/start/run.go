// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/test/bench/series"
)

// defaultSettle lets a small guest reach its login prompt under emulation and go idle.
const defaultSettle = 45 * time.Second

type options struct {
	kubeconfig, guest, namespace string
	sequential, parallel, writes int
	settle                       time.Duration
}

func (o options) run(ctx context.Context) error {
	c, err := connect(o.kubeconfig, o.namespace)
	if err != nil {
		return err
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:   o.namespace,
		Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	if _, err := c.core.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		return fail("create namespace", err)
	}
	defer func() {
		// The run's own context may have ended; what it made goes all the same.
		_ = c.core.CoreV1().Namespaces().Delete(context.WithoutCancel(ctx), o.namespace, metav1.DeleteOptions{})
	}()
	if c.launcher, err = c.launcherImage(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context, *cluster) error{o.sequence, o.bursts, o.memory, o.countWrites} {
		if err := part(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// sequence measures instances and pods one after another, in turns, so that both meet the same noise.
func (o options) sequence(ctx context.Context, c *cluster) error {
	var vms, pods, ends, podEnds series.Series
	steps := map[string]*series.Series{}
	for i := range o.sequential {
		name := fmt.Sprintf("seq-%d", i)
		pod, err := c.startPods(ctx, []string{"pod-" + name})
		if err != nil {
			return err
		}
		pods.Add(pod...)
		end, err := c.endPods(ctx, []string{"pod-" + name})
		if err != nil {
			return err
		}
		podEnds.Add(end...)
		timings, err := c.startInstances(ctx, []string{name}, o.guest, nil)
		if err != nil {
			return err
		}
		for step, at := range timings[0].steps {
			if steps[step] == nil {
				steps[step] = &series.Series{}
			}
			steps[step].Add(at)
		}
		vms.Add(timings[0].running)
		if end, err = c.endInstances(ctx, []string{name}); err != nil {
			return err
		}
		ends.Add(end...)
	}
	series.Title("One after another, %d times (seconds)", o.sequential)
	series.Header()
	pods.Print("plain pod of the launcher image -> Running")
	vms.Print("instance with a containerDisk -> Running")
	fmt.Printf("%-46s %.1f\n", "ratio of the medians", vms.P50()/pods.P50())
	podEnds.Print("plain pod deleted (grace 0 s: by force)")
	ends.Print("instance deleted (grace 0 s)")
	series.Title("Where the time goes: seconds since the request was sent")
	series.Header()
	for _, step := range stepOrder {
		if s := steps[step]; s != nil {
			s.Print(step)
		}
	}
	return nil
}
