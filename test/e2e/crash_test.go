// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestKilledQEMU ends QEMU as a crash would, under each run strategy.
func TestKilledQEMU(t *testing.T) {
	t.Parallel()
	for _, strategy := range []v1.VirtualMachineRunStrategy{v1.RunStrategyAlways, v1.RunStrategyRerunOnFailure, v1.RunStrategyOnce} {
		t.Run(string(strategy), func(t *testing.T) {
			t.Parallel()
			n := cluster.NewNamespace(t)
			vmi := n.CreateRunning("guest", suite.RunStrategy(strategy))
			launcher := n.Launcher(vmi)
			killed := suite.Kill(t, suite.Process(t, launcher.UID, "qemu-system-x86_64"), "qemu-system-x86_64")

			failed := n.AwaitVMISince(killed, "guest", "Failed", suite.Quick, func(now *v1.VirtualMachineInstance) bool {
				return now != nil && now.Status.Phase == v1.Failed
			})
			suite.Measured(t, "kill -9 of QEMU to phase Failed ("+string(strategy)+")", time.Since(killed))
			if failed.UID != vmi.UID {
				t.Fatalf("instance %s has failed, not %s", failed.UID, vmi.UID)
			}
			if c := failed.Condition(v1.VirtualMachineInstanceReady); c == nil || c.Status != v1.ConditionFalse || c.Message == "" {
				t.Errorf("the failed instance has the condition %+v", c)
			} else {
				t.Logf("the failed instance says: %s", c.Message)
			}
			if strategy == v1.RunStrategyOnce {
				n.Never("guest", "anything but the failed instance", stays, func(now *v1.VirtualMachineInstance) bool {
					return now == nil || now.UID != vmi.UID || now.Status.Phase != v1.Failed
				})
				if pod := n.Launcher(vmi); pod.Status.Phase != corev1.PodFailed {
					t.Errorf("the launcher pod of the failed instance is %s", pod.Status.Phase)
				}
				return
			}
			n.AwaitOther(vmi)
			suite.Measured(t, "kill -9 of QEMU until another instance runs ("+string(strategy)+")", time.Since(killed))
			n.AwaitStatus("guest", v1.VirtualMachineStatusRunning)
		})
	}
}

// TestReplacedInstance takes an instance from its machine in several ways. Each time another one comes.
func TestReplacedInstance(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	vmi := n.CreateRunning("machine")
	for _, c := range []struct {
		name string
		take func(n *suite.Namespace, launcher *corev1.Pod)
		// phase is what the instance was seen in at its end; empty when it is deleted without one.
		phase v1.VirtualMachineInstancePhase
	}{
		{"kill -9 of virt-launcher", func(n *suite.Namespace, launcher *corev1.Pod) {
			suite.Kill(n, suite.Process(n, launcher.UID, "virt-launcher"), "virt-launcher")
		}, v1.Failed},
		{"delete of the launcher pod", func(n *suite.Namespace, launcher *corev1.Pod) {
			n.Kubectl("delete", "pod", launcher.Name, "--wait=false")
		}, v1.Succeeded},
		{"delete of the instance", func(n *suite.Namespace, _ *corev1.Pod) {
			n.Kubectl("delete", "vmi", "machine", "--wait=false")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := n.In(t)
			launcher := n.Launcher(vmi)
			began := time.Now()
			c.take(n, launcher)
			if c.phase != "" {
				n.AwaitVMISince(began, "machine", string(c.phase), suite.Quick, func(now *v1.VirtualMachineInstance) bool {
					return now != nil && now.UID == vmi.UID && now.Status.Phase == c.phase
				})
			}
			vmi = n.AwaitOther(vmi)
			suite.Measured(t, c.name+" until another instance runs", time.Since(began))
			n.AwaitNoPod(launcher.Name)
			n.AwaitStatus("machine", v1.VirtualMachineStatusRunning)
		})
	}
}
