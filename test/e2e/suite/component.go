// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// poll is how often the state of a server that may be down is asked for.
	poll = 100 * time.Millisecond
	// rollout is how long a component may take to come up anew.
	rollout = 90 * time.Second
)

// Eventually repeats check until it finds no fault and returns how long that took since the beginning. Watches do not
// serve where the server itself may be down.
func Eventually(t testing.TB, what string, timeout time.Duration, check func(context.Context) error) time.Duration {
	t.Helper()
	began := time.Now()
	var fault error
	err := wait.PollUntilContextTimeout(t.Context(), poll, timeout, true, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		fault = check(ctx)
		return fault == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: not within %s: %v", what, timeout, fault)
	}
	return time.Since(began)
}

// EventuallyTrue is Eventually for a check that names its fault.
func EventuallyTrue(t testing.TB, what string, timeout time.Duration, fault func() string) time.Duration {
	t.Helper()
	return Eventually(t, what, timeout, func(context.Context) error {
		if text := fault(); text != "" {
			return errors.New(text)
		}
		return nil
	})
}

// Component returns the pod of one of virtplane's components, on that node unless it is empty, if it is ready.
func (s *Suite) Component(ctx context.Context, name, node string) (*corev1.Pod, error) {
	options := metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + name}
	if node != "" {
		options.FieldSelector = "spec.nodeName=" + node
	}
	pods, err := s.Kube.CoreV1().Pods(SystemNamespace).List(ctx, options)
	if err != nil {
		return nil, err
	}
	if len(pods.Items) != 1 {
		return nil, fmt.Errorf("%d pods of %s on %q", len(pods.Items), name, node)
	}
	pod := &pods.Items[0]
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil {
			return pod, nil
		}
	}
	return nil, fmt.Errorf("pod %s is not ready: %s", pod.Name, show(pod.Status.ContainerStatuses))
}

// FreshComponent returns the pod of a component whose container has never been restarted. One that has is replaced: the
// kubelet would make the next restart wait, which says nothing of the component.
func (s *Suite) FreshComponent(t testing.TB, name, node string) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	replaced := false
	Eventually(t, name+" is ready and fresh", rollout, func(ctx context.Context) (err error) {
		if pod, err = s.Component(ctx, name, node); err != nil {
			return err
		}
		if pod.Status.ContainerStatuses[0].RestartCount == 0 {
			return nil
		}
		if !replaced {
			replaced = true
			if err := s.Kube.CoreV1().Pods(SystemNamespace).Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil {
				return err
			}
		}
		return errors.New("it is being replaced")
	})
	if replaced {
		s.AwaitServed(t, rollout)
	}
	return pod
}

// AwaitServed waits until virtplane's API answers.
func (s *Suite) AwaitServed(t testing.TB, timeout time.Duration) time.Duration {
	t.Helper()
	return Eventually(t, "virtplane's API answers", timeout, func(ctx context.Context) error {
		_, err := s.Virt.KubevirtV1().VirtualMachines("default").List(ctx, metav1.ListOptions{Limit: 1})
		return err
	})
}
