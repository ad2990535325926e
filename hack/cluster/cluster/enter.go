// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// Enter returns a command that runs inside a node, with its files, network and processes.
func Enter(s *settings.Settings, node string, argv ...string) (*exec.Cmd, error) {
	pid, err := readPid(s, filepath.Join("nodes", node, "init.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no node %q", node)
	}
	if err != nil {
		return nil, fmt.Errorf("find node %s: %w", node, err)
	}
	args := []string{"--target", strconv.Itoa(pid), "--mount", "--net", "--pid", "--uts", "--ipc", "--root", "--wd", "--"}
	return exec.Command("nsenter", append(args, argv...)...), nil
}

// readPid reads a pid file of the state directory. A process that has ended is an error.
func readPid(s *settings.Settings, name string) (int, error) {
	text, err := os.ReadFile(filepath.Join(s.StateDir(), name))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err != nil {
		return 0, fmt.Errorf("process %d of %s has ended", pid, name)
	}
	return pid, nil
}
