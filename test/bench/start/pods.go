// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// startPods creates plain pods 100 ms apart and returns how long each took to run.
func (c *cluster) startPods(ctx context.Context, names []string) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pods, err := c.core.CoreV1().Pods(c.namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fail("watch pods", err)
	}
	defer pods.Stop()
	begun := map[string]time.Time{}
	took := map[string]float64{}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	problems := make(chan error, len(names))
	launch := func() {
		if len(begun) == len(names) {
			return
		}
		name := names[len(begun)]
		begun[name] = time.Now()
		go func() {
			if _, err := c.core.CoreV1().Pods(c.namespace).Create(ctx, c.pod(name), metav1.CreateOptions{}); err != nil {
				problems <- fail("create pod", err)
			}
		}()
	}
	launch()
	for len(took) < len(names) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for pods: %d of %d run: %w", len(took), len(names), ctx.Err())
		case err := <-problems:
			return nil, err
		case <-tick.C:
			launch()
		case e, ok := <-pods.ResultChan():
			if !ok {
				return nil, fmt.Errorf("watch pods: ended early")
			}
			pod, ok := e.Object.(*corev1.Pod)
			if !ok {
				continue
			}
			began, mine := begun[pod.Name]
			if _, done := took[pod.Name]; !mine || done {
				continue
			}
			switch pod.Status.Phase {
			case corev1.PodRunning:
				took[pod.Name] = time.Since(began).Seconds()
			case corev1.PodFailed, corev1.PodSucceeded:
				return nil, fmt.Errorf("pod %s ended: %+v", pod.Name, pod.Status.ContainerStatuses)
			}
		}
	}
	var all []float64
	for _, name := range names {
		all = append(all, took[name])
	}
	return all, nil
}

// endPods deletes pods at once and returns how long each took to be gone.
func (c *cluster) endPods(ctx context.Context, names []string) ([]float64, error) {
	client := c.core.CoreV1().Pods(c.namespace)
	return end(ctx, names, client.Watch, client.Delete)
}

func end(ctx context.Context, names []string,
	watchAll func(context.Context, metav1.ListOptions) (watch.Interface, error),
	remove func(context.Context, string, metav1.DeleteOptions) error) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	events, err := watchAll(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fail("watch", err)
	}
	defer events.Stop()
	begun := map[string]time.Time{}
	problems := make(chan error, len(names))
	for _, name := range names {
		begun[name] = time.Now()
		go func() {
			if err := remove(ctx, name, metav1.DeleteOptions{}); err != nil {
				problems <- fail("delete "+name, err)
			}
		}()
	}
	var all []float64
	for len(all) < len(names) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for deletion: %d of %d are gone: %w", len(all), len(names), ctx.Err())
		case err := <-problems:
			return nil, err
		case e, ok := <-events.ResultChan():
			if !ok {
				return nil, fmt.Errorf("watch: ended early")
			}
			obj, err := meta.Accessor(e.Object)
			if err != nil || e.Type != watch.Deleted {
				continue
			}
			if began, mine := begun[obj.GetName()]; mine {
				all = append(all, time.Since(began).Seconds())
			}
		}
	}
	return all, nil
}
