// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestDeleteLeavesNothing looks for all that a running machine has on its node, and deletes it.
func TestDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	vmi := n.CreateRunning("machine")
	n.AwaitAgent("machine")
	launcher := n.Launcher(vmi)
	node := cluster.Node(t, launcher.Spec.NodeName)
	qemu := suite.Process(t, launcher.UID, "qemu-system-x86_64")
	network := suite.NetworkNamespace(t, qemu)

	// What is looked for has to be there first, else its absence says nothing.
	links := node.Links(qemu)
	t.Logf("the pod's network has %v", links.Names)
	if len(links.Names) < 4 { // lo, eth0, bridge, tap
		t.Errorf("the pod's network has only %v", links.Names)
	}
	if !node.HasLink(links.Peer) {
		t.Errorf("the node has no link with index %d, the other end of the pod's", links.Peer)
	}
	if node.HasNetworkNamespace(network) == "" {
		t.Errorf("nothing holds the network namespace %s", network)
	}
	files := filesOf(t, node, string(launcher.UID), string(vmi.UID), n.ID)
	for _, want := range []string{"session.sock", "plugins/node.virtplane.io/volumes/", "plugins/node.virtplane.io/logs/"} {
		if !strings.Contains(strings.Join(files, "\n"), want) {
			t.Errorf("the running machine has no %s among %q", want, files)
		}
	}

	began := time.Now()
	n.Kubectl("delete", "vm", "machine")
	suite.Measured(t, "kubectl delete until it returns", time.Since(began))
	n.AwaitNoVMI("machine")
	n.AwaitNoPod(launcher.Name)
	suite.Measured(t, "kubectl delete until the launcher pod is gone", time.Since(began))

	if pid := suite.FindProcess(launcher.UID, "qemu-system-x86_64"); pid != 0 {
		t.Errorf("QEMU still runs as process %d", pid)
	}
	// The kubelet removes its own directory of the pod some time after the pod.
	suite.EventuallyTrue(t, "no file of the machine is left", suite.Boot, func() string {
		left := filesOf(t, node, string(launcher.UID), string(vmi.UID), n.ID)
		// The log of the console outlives its guest, for a time.
		left = slices.DeleteFunc(left, func(path string) bool { return strings.HasPrefix(path, "/plugins/node.virtplane.io/logs/") })
		return strings.Join(left, "\n")
	})
	suite.EventuallyTrue(t, "the network namespace, with its bridge, tap and rules, is gone", suite.Quick, func() string {
		return node.HasNetworkNamespace(network)
	})
	if node.HasLink(links.Peer) {
		t.Errorf("the node still has the other end of the pod's link, with index %d", links.Peer)
	}
	suite.Measured(t, "kubectl delete until nothing is left on the node", time.Since(began))
	if pods := n.Pods(); len(pods) != 0 {
		t.Errorf("there still are pods: %v", pods)
	}
}

// filesOf lists the kubelet's and the plugin's files on a node whose path, or whose content if they are the plugin's,
// has one of the words.
func filesOf(t *testing.T, node suite.Node, words ...string) []string {
	t.Helper()
	root := node.Path("var/lib/kubelet")
	about := func(text string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
	}
	var found []string
	// Other pods come and go meanwhile, so an error is a file that has gone.
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		content := []byte(nil)
		if strings.Contains(path, "/plugins/node.virtplane.io/volumes/") {
			content, _ = os.ReadFile(path)
		}
		if about(path) || about(string(content)) {
			found = append(found, strings.TrimPrefix(path, root))
		}
		return nil
	})
	return found
}
