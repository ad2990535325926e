// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Node is a node of the local cluster, which this machine can look into.
type Node struct {
	testing.TB
	// ID is the node's name.
	ID string
	// dir holds its logs and process IDs.
	dir string
}

// Nodes returns the nodes that take pods, in the order of their names.
func (s *Suite) Nodes(t testing.TB) []Node {
	t.Helper()
	list, err := s.Kube.CoreV1().Nodes().List(Context(t, Quick), metav1.ListOptions{})
	Need(t, err, "list nodes")
	var nodes []Node
	for _, node := range list.Items {
		if !node.Spec.Unschedulable && ready(&node) {
			nodes = append(nodes, s.Node(t, node.Name))
		}
	}
	if len(nodes) == 0 {
		t.Fatal("no node is ready")
	}
	return nodes
}

// Node returns the node of that name.
func (s *Suite) Node(t testing.TB, name string) Node {
	return Node{TB: t, ID: name, dir: filepath.Join(s.State, "nodes", name)}
}

// PID returns the process, as this machine sees it, of a program that the node itself runs, such as kubelet.
func (n Node) PID(program string) int {
	n.Helper()
	pid, err := n.pid(program)
	Need(n, err, "find "+program+" of "+n.ID)
	return pid
}

func (n Node) pid(program string) (int, error) {
	raw, err := os.ReadFile(filepath.Join(n.dir, program+".pid"))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, err
	}
	return pid, nil
}

// Path is where this machine finds a file of the node. It goes through the root directory of the node's first
// process, so that it sees what is mounted there.
func (n Node) Path(path string) string {
	n.Helper()
	return filepath.Join("/proc", strconv.Itoa(n.PID("init")), "root", path)
}

// HasNetworkNamespace tells whether a network namespace still exists: a process is in it, has a descriptor of it,
// or it is mounted in the node.
func (n Node) HasNetworkNamespace(inode string) string {
	n.Helper()
	mounts, err := os.ReadFile(n.Path("proc/1/mountinfo"))
	Need(n, err, "read mounts of "+n.ID)
	if strings.Contains(string(mounts), inode) {
		return "mounted in " + n.ID
	}
	links, err := filepath.Glob("/proc/[0-9]*/ns/net")
	Need(n, err, "list processes")
	descriptors, err := filepath.Glob("/proc/[0-9]*/fd/*")
	Need(n, err, "list descriptors")
	for _, path := range append(links, descriptors...) {
		// Processes come and go meanwhile.
		if target, err := os.Readlink(path); err == nil && target == inode {
			return fmt.Sprintf("held by %s (%s)", path, processName(filepath.Base(filepath.Dir(filepath.Dir(path)))))
		}
	}
	return ""
}

func ready(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
