// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// recovery is how long after the kill of a component the status may be wrong.
const recovery = 30 * time.Second

// TestKilledComponents kills each component in turn while a guest counts seconds on its console. It is not parallel:
// nothing else works meanwhile.
func TestKilledComponents(t *testing.T) {
	n := cluster.NewNamespace(t)
	nodes := cluster.Nodes(t)
	node := nodes[0]
	n.Create("counter", suite.OnNode(node.ID), suite.Runs(suite.CountLine))
	counting := n.AwaitRunning("counter")
	console := n.Console("counter")
	console.AwaitTick(suite.Boot)

	for _, component := range []string{"virt-apiserver", "virt-controller", "virt-nodeplugin", "kubelet"} {
		t.Run(component, func(t *testing.T) {
			n := n.In(t)
			name := "victim-" + component
			victim := n.CreateRunning(name, suite.OnNode(node.ID))
			kill, restarted := prepareKill(t, node, component)
			first := console.AwaitNewTick(suite.Quick)

			killed := kill()
			awaitRight(n, killed, victim, counting)
			suite.Measured(t, "kill -9 of "+component+" until the status is right again", time.Since(killed))
			if took := time.Since(killed); took > recovery {
				t.Errorf("the status is right after %s only", took)
			}
			restarted()
			// Stop goes through each component, and so does the delete of what has been started again.
			n.Virtctl("stop", name)
			n.AwaitNoInstance(victim)
			n.AwaitStatus(name, v1.VirtualMachineStatusStopped)
			n.Virtctl("start", name)
			again := n.AwaitOther(victim)
			launcher := n.Launcher(again)
			n.Kubectl("delete", "vm", name, "--timeout=60s")
			n.AwaitNoPod(launcher.Name)
			suite.Measured(t, "kill -9 of "+component+" until stop, start and delete are done", time.Since(killed))

			last := console.AwaitNewTick(suite.Quick)
			console.CheckTicks()
			if elapsed := int(time.Since(killed).Seconds()); last-first < elapsed*2/3 {
				t.Errorf("the guest counts from %d to %d in %d s: it stood still", first, last, elapsed)
			}
			if now := n.GetVMI("counter"); now.UID != counting.UID || !now.IsRunning() {
				t.Errorf("the counting instance is %s in phase %s, was %s", now.UID, now.Status.Phase, counting.UID)
			}
		})
	}

	// Whoever comes later sees every number, too.
	late := n.Console("counter")
	late.AwaitTick(suite.Quick)
	late.AwaitNewTick(suite.Quick)
	if late.CheckTicks(); late.Ticks()[0] != 1 {
		t.Errorf("a new viewer sees numbers from %d on", late.Ticks()[0])
	}
	t.Logf("the guest has counted to %d", console.CheckTicks())
	t.Logf("what virtctl has said meanwhile:\n%s", console.Notices())
	n.Virtctl("stop", "counter")
	n.AwaitNoInstance(counting)
	n.AwaitStatus("counter", v1.VirtualMachineStatusStopped)
}

// prepareKill returns what kills a component, and what makes sure that its restart was tested and nothing else. What
// runs on each node is killed on the guest's.
func prepareKill(t *testing.T, node suite.Node, component string) (kill func() time.Time, restarted func()) {
	t.Helper()
	if component == "kubelet" {
		pid := node.PID(component)
		return func() time.Time { return suite.Kill(t, pid, component) }, func() {
			if now := node.PID(component); now == pid {
				t.Errorf("%s still is process %d", component, now)
			}
		}
	}
	on := ""
	if component == "virt-nodeplugin" {
		on = node.ID
	}
	pod := cluster.FreshComponent(t, component, on)
	pid := suite.Process(t, pod.UID, component)
	return func() time.Time { return suite.Kill(t, pid, component) }, func() {
		suite.Eventually(t, component+" is ready after one restart", suite.Quick, func(ctx context.Context) error {
			now, err := cluster.Component(ctx, component, on)
			if err == nil && (now.UID != pod.UID || now.Status.ContainerStatuses[0].RestartCount != 1) {
				err = errors.New("it is another pod, or has not been restarted once")
			}
			return err
		})
	}
}

// awaitRight waits until a status follows the guest again: a pause shows, and so does its end. That takes the API
// server, the plugin, and the controller, which copies it to the virtual machine. The kubelet's part is a pod that starts.
func awaitRight(n *suite.Namespace, killed time.Time, victim, counting *v1.VirtualMachineInstance) {
	n.Helper()
	until := func() time.Duration { return 2*recovery - time.Since(killed) }
	suite.EventuallyTrue(n, "pause", until(), func() string {
		o := n.Try("", "virtctl", "pause", "vm", victim.Name)
		if o.Code == 0 {
			return ""
		}
		return o.Stderr
	})
	shows := func(status v1.VirtualMachinePrintableStatus) {
		n.Helper()
		suite.Eventually(n, fmt.Sprintf("%s shows as %s", victim.Name, status), until(), func(ctx context.Context) error {
			vm, err := n.Virt.KubevirtV1().VirtualMachines(n.ID).Get(ctx, victim.Name, metav1.GetOptions{})
			if err == nil && vm.Status.PrintableStatus != status {
				err = errors.New("it shows as " + string(vm.Status.PrintableStatus))
			}
			return err
		})
	}
	shows(v1.VirtualMachineStatusPaused)
	n.Virtctl("unpause", "vm", victim.Name)
	shows(v1.VirtualMachineStatusRunning)
	suite.Eventually(n, "the counting instance is unchanged", until(), func(ctx context.Context) error {
		now, err := n.Virt.KubevirtV1().VirtualMachineInstances(n.ID).Get(ctx, counting.Name, metav1.GetOptions{})
		if err == nil && (now.UID != counting.UID || !now.IsRunning() || !now.HasCondition(v1.VirtualMachineInstanceReady)) {
			err = fmt.Errorf("phase %s, conditions %v", now.Status.Phase, now.Status.Conditions)
		}
		return err
	})
	node := counting.Status.NodeName
	n.CreatePod("probe", node, "exec sleep 600")
	n.AwaitPod("probe")
	grace := int64(0)
	suite.Need(n, n.Kube.CoreV1().Pods(n.ID).Delete(suite.Context(n, suite.Quick), "probe", metav1.DeleteOptions{GracePeriodSeconds: &grace}), "delete pod")
	n.AwaitNoPod("probe")
	suite.Eventually(n, "the node is ready", until(), func(ctx context.Context) error {
		now, err := n.Kube.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range now.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return errors.New("it is not")
	})
}
