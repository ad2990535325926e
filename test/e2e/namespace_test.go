// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"testing"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestNamespaceOfRunningMachineEnds deletes a namespace whose guest runs, and would be started again.
func TestNamespaceOfRunningMachineEnds(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	launcher := n.Launcher(n.CreateRunning("machine"))
	suite.Process(t, launcher.UID, "qemu-system-x86_64")
	n.Delete()
	suite.Measured(t, "delete of a namespace with a running VM until it has ended", n.AwaitEnd(suite.Boot))
	if pid := suite.FindProcess(launcher.UID, "qemu-system-x86_64"); pid != 0 {
		t.Errorf("QEMU still runs as process %d", pid)
	}
}
