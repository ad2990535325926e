// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// writtenAnnotation counts the writes of a test.
const writtenAnnotation = "example.com/written"

// TestReplicas grows the API server to three members, kills each of them while a client writes, and shrinks back to one.
// It is not parallel: nothing else works meanwhile.
func TestReplicas(t *testing.T) {
	n := cluster.NewNamespace(t)
	n.Create("counter", suite.Runs(suite.CountLine))
	counting := n.AwaitRunning("counter")
	console := n.Console("counter")
	console.AwaitTick(suite.Boot)

	t.Cleanup(func() { scale(n, "1") })
	scale(n, "3")
	suite.Measured(t, "growth from one to three replicas", awaitReplicas(n, 3))

	stop, ended := make(chan struct{}), make(chan outcome)
	go func() { ended <- write(t.Context(), n, stop) }()
	for i := range 3 {
		name := fmt.Sprintf("virt-apiserver-%d", i)
		pod, err := n.Kube.CoreV1().Pods(suite.SystemNamespace).Get(suite.Context(t, suite.Quick), name, metav1.GetOptions{})
		suite.Need(t, err, "get pod")
		killed := suite.Kill(t, suite.Process(t, pod.UID, "virt-apiserver"), "virt-apiserver")
		suite.Eventually(t, name+" has started again", suite.Boot, func(ctx context.Context) error {
			now, err := n.Kube.CoreV1().Pods(suite.SystemNamespace).Get(ctx, name, metav1.GetOptions{})
			if err == nil && now.Status.ContainerStatuses[0].RestartCount == pod.Status.ContainerStatuses[0].RestartCount {
				err = fmt.Errorf("restarts: %d", pod.Status.ContainerStatuses[0].RestartCount)
			}
			return err
		})
		awaitReplicas(n, 3)
		suite.Measured(t, "kill -9 of "+name+" until three are ready", time.Since(killed))
	}
	scale(n, "1")
	suite.Measured(t, "shrinkage from three replicas to one", awaitReplicas(n, 1))
	close(stop)
	result := <-ended

	t.Logf("%d writes acknowledged, %d failed, the longest time between two was %s", result.acknowledged, result.failed, result.gap.Round(time.Millisecond))
	suite.Measured(t, "longest time without a write while replicas come and go", result.gap)
	if result.acknowledged < 10 {
		t.Errorf("only %d writes were acknowledged", result.acknowledged)
	}
	stored, _ := strconv.Atoi(n.GetVM("counter").Annotations[writtenAnnotation])
	if stored < result.last {
		t.Errorf("write %d was acknowledged, but %d is stored", result.last, stored)
	}
	console.AwaitNewTick(suite.Quick)
	console.CheckTicks()
	if now := n.GetVMI("counter"); now.UID != counting.UID {
		t.Errorf("the instance is %s, was %s", now.UID, counting.UID)
	}
}

// outcome is what became of a client's writes.
type outcome struct {
	acknowledged, failed, last int
	gap                        time.Duration
}

// write changes a machine as fast as it is let, until it is told to stop.
func write(ctx context.Context, n *suite.Namespace, stop <-chan struct{}) outcome {
	result, previous := outcome{}, time.Now()
	for i := 1; ; i++ {
		select {
		case <-stop:
			return result
		default:
		}
		patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:"%d"}}}`, writtenAnnotation, i)
		_, err := n.Virt.KubevirtV1().VirtualMachines(n.ID).Patch(ctx, "counter", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		if err != nil {
			result.failed++
			continue
		}
		result.gap = max(result.gap, time.Since(previous))
		result.acknowledged, result.last, previous = result.acknowledged+1, i, time.Now()
	}
}

// awaitReplicas waits until that many replicas are ready and there are no others.
func awaitReplicas(n *suite.Namespace, count int) time.Duration {
	n.Helper()
	return suite.Eventually(n, fmt.Sprintf("%d replicas", count), suite.Boot, func(ctx context.Context) error {
		pods, err := n.Kube.CoreV1().Pods(suite.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=virt-apiserver"})
		if err != nil {
			return err
		}
		ready := 0
		for i := range pods.Items {
			for _, c := range pods.Items[i].Status.Conditions {
				if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
					ready++
				}
			}
		}
		if len(pods.Items) != count || ready != count {
			return fmt.Errorf("%d pods, %d ready", len(pods.Items), ready)
		}
		return nil
	})
}
