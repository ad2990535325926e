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
