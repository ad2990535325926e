// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"encoding/json"
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/network"
)

// NodeCommand is the hidden command under which this program is PID 1 of a node.
const NodeCommand = "node-init"

// RunNode is the life of a node's PID 1. It returns only an error of its beginning.
func RunNode() error {
	endOnSignal()
	node := &Node{}
	if err := json.NewDecoder(os.NewFile(specFile, "spec")).Decode(node); err != nil {
		return fmt.Errorf("read spec: %w", err)
	}
	hostProc := os.NewFile(hostProcFile, "/proc of the host")
	unix.CloseOnExec(hostProcFile)
	// Opened before the root changes: the directory is not visible inside.
	dir, err := os.OpenRoot(node.Dir)
	if err != nil {
		return err
	}
	cgroup := path.Join(host.CgroupParent, node.Name)
	if err := host.JoinCgroup(path.Join(cgroup, "init")); err != nil {
		return fmt.Errorf("join cgroup: %w", err)
	}
	if err := recordOwnPid(hostProc, dir); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(node.Name)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	if err := enterRoot(node); err != nil {
		return fmt.Errorf("enter root: %w", err)
	}
	if err := network.SetUpNode(node.Index, node.Nodes); err != nil {
		return fmt.Errorf("set up network: %w", err)
	}
	k := &keeper{reaper: NewReaper(), dir: dir, hostProc: hostProc, cgroup: cgroup}
	for _, service := range node.Services {
		go k.keep(service)
	}
	select {}
}

// recordOwnPid writes the pid by which others can enter the node's namespaces.
func recordOwnPid(hostProc *os.File, dir *os.Root) error {
	buffer := make([]byte, 32)
	n, err := unix.Readlinkat(int(hostProc.Fd()), "self", buffer)
	if err != nil {
		return fmt.Errorf("read self of the host's /proc: %w", err)
	}
	return dir.WriteFile("init.pid", append(buffer[:n], '\n'), 0o644)
}
