// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"testing"
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

const (
	// grace is more than any guest of this suite needs to shut down.
	grace = 90
	// gracefulStop is how long a guest may take that does shut down.
	gracefulStop = 30 * time.Second
)

// TestVerbs goes through the verbs of virtctl, and what refuses them.
func TestVerbs(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	n.VirtctlRefused("not found", "start", "machine")
	n.Create("machine", suite.Grace(grace), suite.Runs(suite.CountLine))
	first := n.AwaitRunning("machine")
	console := n.Console("machine")
	console.AwaitTick(suite.Boot)
	n.VirtctlRefused("VM is already running", "start", "machine")
	t.Run("pause", func(t *testing.T) { testPause(n.In(t), console) })

	began := time.Now()
	n.Virtctl("restart", "machine")
	n.AwaitNoInstance(first)
	second := n.AwaitOther(first)
	suite.Measured(t, "virtctl restart until the other instance runs", time.Since(began))
	if took := time.Since(began); took > gracefulStop {
		t.Errorf("a restart takes %s: the guest is not shut down, but killed after its grace period", took)
	}
	console = n.Console("machine")
	console.AwaitTick(suite.Boot)

	t.Run("stop", func(t *testing.T) { testStop(n.In(t), second) })
	t.Run("stopped", func(t *testing.T) { testStopped(n.In(t)) })
	t.Run("force", func(t *testing.T) { testForce(n.In(t)) })
}

// testPause stops the guest's clock and lets it go on.
func testPause(n *suite.Namespace, console *suite.Console) {
	n.VirtctlRefused("not paused", "unpause", "vm", "machine")
	n.Virtctl("pause", "vm", "machine")
	vm := n.AwaitStatus("machine", v1.VirtualMachineStatusPaused)
	if c := n.GetVMI("machine").Condition(v1.VirtualMachineInstancePaused); c == nil || c.Status != v1.ConditionTrue || c.Reason != "PausedByUser" {
		n.Errorf("the paused instance has the condition %+v", c)
	}
	if vm.Status.RunStrategy != v1.RunStrategyAlways {
		n.Errorf("a pause changes the run strategy to %s", vm.Status.RunStrategy)
	}
	n.VirtctlRefused("already paused", "pause", "vm", "machine")
	if number, counts := console.Counts(3 * time.Second); counts {
		n.Errorf("the paused guest counts: %d", number)
	}
	n.Virtctl("unpause", "vm", "machine")
	n.AwaitStatus("machine", v1.VirtualMachineStatusRunning)
	console.AwaitNewTick(suite.Quick)
	console.CheckTicks()
}

// testStop stops the guest well before its grace period ends, since it shuts down.
func testStop(n *suite.Namespace, running *v1.VirtualMachineInstance) {
	launcher := n.Launcher(running)
	began := time.Now()
	n.Virtctl("stop", "machine")
	n.AwaitNoInstance(running)
	took := time.Since(began)
	suite.Measured(n, "virtctl stop until the instance is gone", took)
	if took > gracefulStop {
		n.Errorf("a stop takes %s: the guest is not shut down, but killed after its grace period", took)
	}
	vm := n.AwaitStatus("machine", v1.VirtualMachineStatusStopped)
	if got := vm.EffectiveRunStrategy(); got != v1.RunStrategyHalted {
		n.Errorf("after stop the run strategy is %s", got)
	}
	n.AwaitNoPod(launcher.Name)
}

// testStopped tries what a machine that does not run refuses.
func testStopped(n *suite.Namespace) {
	n.VirtctlRefused("VM is not running", "stop", "machine")
	n.VirtctlRefused("Halted does not support manual restart requests", "restart", "machine")
	n.VirtctlRefused("not found", "pause", "vmi", "machine")
	if o := n.Try("", "virtctl", "pause", "vm", "machine"); o.Code == 0 {
		n.Errorf("pause of a stopped machine succeeds: %s", o.Stdout)
	}

	n.Virtctl("start", "machine", "--paused")
	n.AwaitStatus("machine", v1.VirtualMachineStatusPaused)
	n.Virtctl("unpause", "vm", "machine")
	n.AwaitStatus("machine", v1.VirtualMachineStatusRunning)
	n.Console("machine").AwaitTick(suite.Boot)
}

// testForce restarts and stops without asking the guest.
func testForce(n *suite.Namespace) {
	before := n.GetVMI("machine")
	n.Virtctl("restart", "machine", "--force", "--grace-period=0")
	n.AwaitNoInstance(before)
	after := n.AwaitOther(before)
	launcher := n.Launcher(after)
	began := time.Now()
	// The guest boots and could not shut down yet.
	n.Virtctl("stop", "machine", "--force", "--grace-period=0")
	n.AwaitNoInstance(after)
	suite.Measured(n, "virtctl stop --force --grace-period=0 until the instance is gone", time.Since(began))
	if took := time.Since(began); took > 15*time.Second {
		n.Errorf("a forced stop takes %s", took)
	}
	n.AwaitNoPod(launcher.Name)
	n.AwaitStatus("machine", v1.VirtualMachineStatusStopped)
	if pods := n.Pods(); len(pods) != 0 {
		n.Errorf("there still are pods: %v", pods)
	}
}
