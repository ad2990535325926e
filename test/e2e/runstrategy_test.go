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

// stays is how long a machine is watched that must not start again.
const stays = 5 * time.Second

// TestGuestEndsByItself restarts and then powers off a guest from the inside, under each run strategy.
func TestGuestEndsByItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		strategy v1.VirtualMachineRunStrategy
		// after checks what becomes of the machine whose guest has powered off.
		after func(*suite.Namespace, *v1.VirtualMachineInstance)
	}{
		{v1.RunStrategyAlways, startsAgain},
		{v1.RunStrategyRerunOnFailure, staysAway},
		{v1.RunStrategyOnce, staysSucceeded},
		{v1.RunStrategyManual, staysUntilStarted},
	} {
		t.Run(string(c.strategy), func(t *testing.T) {
			t.Parallel()
			n := cluster.NewNamespace(t)
			n.Create("guest", suite.RunStrategy(c.strategy))
			if c.strategy == v1.RunStrategyManual {
				n.AwaitVM("guest", "seen by the controller", suite.Quick, func(vm *v1.VirtualMachine) bool {
					return vm != nil && vm.Status.RunStrategy == c.strategy
				})
				n.Virtctl("start", "guest")
			}
			vmi := n.AwaitRunning("guest")
			console := n.Console("guest")
			console.Login()

			boot := console.Run("cat /proc/sys/kernel/random/boot_id")
			console.Forget()
			console.Type("reboot\r")
			console.Expect("guest login: ", suite.Boot)
			console.Login()
			if again := console.Run("cat /proc/sys/kernel/random/boot_id"); again == boot {
				t.Errorf("the guest has not restarted: its boot ID still is %s", boot)
			}
			if now := n.GetVMI("guest"); now.UID != vmi.UID || !now.IsRunning() {
				t.Errorf("after the guest's restart the instance is %s in phase %s, was %s", now.UID, now.Status.Phase, vmi.UID)
			}

			off := time.Now()
			console.Type("poweroff\r")
			ended := n.AwaitVMI("guest", "Succeeded, or on its way out", suite.Boot, func(now *v1.VirtualMachineInstance) bool {
				return now == nil || now.UID != vmi.UID || now.Status.Phase == v1.Succeeded || now.DeletionTimestamp != nil
			})
			suite.Measured(t, "poweroff in the guest to the end of the instance ("+string(c.strategy)+")", time.Since(off))
			if ended != nil && ended.UID == vmi.UID && ended.Status.Phase != v1.Succeeded {
				t.Errorf("after poweroff the instance ends as %s", ended.Status.Phase)
			}
			if code := console.Wait(suite.Quick); code != 0 {
				t.Errorf("virtctl console ends with exit code %d when the guest does", code)
			}
			c.after(n, vmi)
		})
	}
}

func startsAgain(n *suite.Namespace, old *v1.VirtualMachineInstance) {
	n.Helper()
	n.AwaitOther(old)
	n.AwaitStatus(old.Name, v1.VirtualMachineStatusRunning)
}

func staysAway(n *suite.Namespace, old *v1.VirtualMachineInstance) {
	n.Helper()
	n.AwaitNoVMI(old.Name)
	n.AwaitStatus(old.Name, v1.VirtualMachineStatusStopped)
	n.Never(old.Name, "there again", stays, func(vmi *v1.VirtualMachineInstance) bool { return vmi != nil })
	// But it can be started.
	n.Virtctl("start", old.Name)
	n.AwaitOther(old)
}

// isLeft checks that the ended instance is still there to be looked at, and that nothing runs.
func isLeft(n *suite.Namespace, old *v1.VirtualMachineInstance) {
	n.Helper()
	n.AwaitStatus(old.Name, v1.VirtualMachineStatusStopped)
	n.Never(old.Name, "anything but the instance that has succeeded", stays, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi == nil || vmi.UID != old.UID || vmi.Status.Phase != v1.Succeeded
	})
	if pod := n.Launcher(old); pod.Status.Phase != corev1.PodSucceeded {
		n.Errorf("the launcher pod of the succeeded instance is %s", pod.Status.Phase)
	}
}

func staysSucceeded(n *suite.Namespace, old *v1.VirtualMachineInstance) {
	n.Helper()
	isLeft(n, old)
	n.VirtctlRefused("Once does not support manual start requests", "start", old.Name)
}

func staysUntilStarted(n *suite.Namespace, old *v1.VirtualMachineInstance) {
	n.Helper()
	isLeft(n, old)
	n.Virtctl("start", old.Name)
	n.AwaitOther(old)
}
