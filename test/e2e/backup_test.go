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

// TestBackupAndRestore goes back to a backup: what was made since then goes, what was deleted comes back, and a guest that
// runs before and after notices nothing. It is not parallel: the others would lose what they made.
func TestBackupAndRestore(t *testing.T) {
	n := cluster.NewNamespace(t)
	n.Create("counter", suite.Runs(suite.CountLine))
	counting := n.AwaitRunning("counter")
	console := n.Console("counter")
	console.AwaitTick(suite.Boot)
	deleted := n.CreateRunning("deleted", suite.StartsPaused)

	backup := n.Kubectl("--namespace="+suite.SystemNamespace, "exec", "virt-apiserver-0", "--", "virt-apiserver", "backup", "-")
	n.Kubectl("delete", "vm", "deleted", "--timeout=60s")
	later := n.CreateRunning("later", suite.StartsPaused)
	launcher := n.Launcher(later)

	began := time.Now()
	n.KubectlWith(backup, "--namespace="+suite.SystemNamespace, "exec", "-i", "virt-apiserver-0", "--", "virt-apiserver", "restore", "--replace", "-")
	suite.Measured(t, "restore of a backup until the objects are served", time.Since(began))

	n.AwaitNoPod(launcher.Name)
	again := n.AwaitOther(deleted)
	suite.Measured(t, "restore of a backup until what was deleted runs again", time.Since(began))
	n.AwaitStatus("deleted", v1.VirtualMachineStatusPaused)
	if names := n.Kubectl("get", "vms", "--output=name"); names != "virtualmachine.kubevirt.io/counter\nvirtualmachine.kubevirt.io/deleted\n" {
		t.Errorf("virtual machines after the restore:\n%s", names)
	}
	if again.UID == deleted.UID {
		t.Errorf("the instance %s, whose pod is gone, runs", again.UID)
	}
	console.AwaitNewTick(suite.Boot)
	console.CheckTicks()
	if now := n.GetVMI("counter"); now.UID != counting.UID || !now.IsRunning() {
		t.Errorf("the counting instance is %s in phase %s, was %s", now.UID, now.Status.Phase, counting.UID)
	}
}
