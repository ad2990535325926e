// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestServerAway takes the API server away for a while. Guests do not notice, and the cluster gets over it: above all a
// namespace that was deleted meanwhile ends. It is not parallel: nothing else works meanwhile.
func TestServerAway(t *testing.T) {
	away := time.Minute
	if os.Getenv("E2E_LONG") == "1" {
		away = 10 * time.Minute
	}
	n, doomed := cluster.NewNamespace(t), cluster.NewNamespace(t)
	n.Create("counter", suite.Runs(suite.CountLine))
	doomed.Create("machine", suite.StartsPaused)
	counting := n.AwaitRunning("counter")
	doomed.AwaitRunning("machine")
	// A console gives up after five minutes by default, which the outage may be longer than.
	console := n.Console("counter", "--timeout=15")
	first := console.AwaitTick(suite.Boot)

	began := time.Now()
	t.Cleanup(func() { scale(n, "1") })
	scale(n, "0")
	suite.Eventually(t, "the API server is away", suite.Quick, func(ctx context.Context) error {
		_, err := cluster.Virt.KubevirtV1().VirtualMachines(n.ID).Get(ctx, "counter", metav1.GetOptions{})
		if apierrors.IsServiceUnavailable(err) {
			return nil
		}
		return errors.New("it still answers")
	})
	doomed.Delete()
	checkOthers(n)
	// This is the test: time passes.
	time.Sleep(away - time.Since(began))
	checkOthers(n)

	back := time.Now()
	scale(n, "1")
	cluster.AwaitServed(t, 2*suite.Quick)
	suite.Measured(t, "scale from 0 to 1 until the API answers", time.Since(back))
	n.Virtctl("pause", "vm", "counter")
	n.AwaitStatus("counter", v1.VirtualMachineStatusPaused)
	n.Virtctl("unpause", "vm", "counter")
	n.AwaitStatus("counter", v1.VirtualMachineStatusRunning)
	suite.Measured(t, "scale from 0 to 1 until a pause shows", time.Since(back))

	last := console.AwaitNewTick(2 * suite.Quick)
	console.CheckTicks()
	if elapsed := int(time.Since(began).Seconds()); last-first < elapsed*2/3 {
		t.Errorf("the guest counts from %d to %d in %d s: it stood still", first, last, elapsed)
	}
	if now := n.GetVMI("counter"); now.UID != counting.UID || !now.HasCondition(v1.VirtualMachineInstanceReady) {
		t.Errorf("the instance is %s, conditions %v, was %s", now.UID, now.Status.Conditions, counting.UID)
	}
	doomed.AwaitEnd(2 * suite.Boot)
	suite.Measured(t, "scale from 0 to 1 until the namespace deleted meanwhile has ended", time.Since(back))
	suite.Measured(t, "create to Ready of a VM after that", create(n))
}

// TestPluginsAway takes the plugins of all nodes away for a while. Guests do not notice; the end of one shows all the
// same, and its machine is started again when the plugins are back. It is not parallel: nothing else works meanwhile.
func TestPluginsAway(t *testing.T) {
	n := cluster.NewNamespace(t)
	n.Create("counter", suite.Runs(suite.CountLine))
	doomed := n.CreateRunning("doomed")
	counting := n.AwaitRunning("counter")
	console := n.Console("counter")
	console.AwaitTick(suite.Boot)

	back := func() {
		patchPlugins(n, `[{"op":"remove","path":"/spec/template/spec/nodeSelector/none"}]`)
	}
	t.Cleanup(back)
	patchPlugins(n, `[{"op":"add","path":"/spec/template/spec/nodeSelector/none","value":"none"}]`)
	suite.Eventually(t, "all plugins are away", suite.Quick, func(ctx context.Context) error {
		pods, err := n.Kube.CoreV1().Pods(suite.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=virt-nodeplugin"})
		if err == nil && len(pods.Items) != 0 {
			err = errors.New("there are some")
		}
		return err
	})
	n.VirtctlRefused("no virt-nodeplugin pod runs on the node", "pause", "vm", "counter")
	killed := suite.Kill(t, suite.Process(t, n.Launcher(doomed).UID, "qemu-system-x86_64"), "qemu-system-x86_64")
	n.AwaitVMISince(killed, "doomed", "Failed", suite.Quick, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && vmi.UID == doomed.UID && vmi.Status.Phase == v1.Failed
	})
	suite.Measured(t, "kill -9 of QEMU to phase Failed without the node's plugin", time.Since(killed))

	returned := time.Now()
	back()
	n.AwaitOther(doomed)
	suite.Measured(t, "return of the plugins until a machine runs that had ended", time.Since(returned))
	console.AwaitNewTick(2 * suite.Quick)
	console.CheckTicks()
	if now := n.GetVMI("counter"); now.UID != counting.UID || !now.HasCondition(v1.VirtualMachineInstanceReady) {
		t.Errorf("the instance is %s, conditions %v, was %s", now.UID, now.Status.Conditions, counting.UID)
	}
}

// patchPlugins changes the DaemonSet. That it cannot is an error only when there is something to change.
func patchPlugins(n *suite.Namespace, patch string) {
	n.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), suite.Quick)
	defer cancel()
	_, err := n.Kube.AppsV1().DaemonSets(suite.SystemNamespace).Patch(ctx, "virt-nodeplugin", types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil && !apierrors.IsInvalid(err) {
		n.Errorf("patch the plugins: %v", err)
	}
}

// create makes a machine and returns how long it took to be ready.
func create(n *suite.Namespace) time.Duration {
	n.Helper()
	began := time.Now()
	n.CreateRunning("after")
	n.AwaitStatus("after", v1.VirtualMachineStatusRunning)
	return time.Since(began)
}

func scale(n *suite.Namespace, replicas string) {
	n.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), suite.Quick)
	defer cancel()
	output, err := n.Command(ctx, "kubectl", "--namespace="+suite.SystemNamespace, "scale", "statefulset", "virt-apiserver", "--replicas="+replicas).CombinedOutput()
	if err != nil {
		n.Errorf("scale virt-apiserver to %s: %v: %s", replicas, err, output)
	}
}
