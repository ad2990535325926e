// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// ErrNotRunning is returned where a running cluster is needed.
var ErrNotRunning = errors.New("this clone has no running cluster; start one with `make up`")

// Adopt replaces the settings by those with which this clone's running cluster was started.
func Adopt(s *settings.Settings) error {
	record, err := host.ReadRecord()
	if err != nil {
		return err
	}
	if !record.Running() {
		return ErrNotRunning
	}
	if record.Dir != s.StateDir() {
		return Foreign(record)
	}
	if err := json.Unmarshal([]byte(record.Settings), s); err != nil {
		return fmt.Errorf("read settings of the running cluster: %w", err)
	}
	return nil
}

// Status describes the running cluster: its processes, nodes, pods and virtual machines.
func Status(ctx context.Context, s *settings.Settings, out io.Writer) error {
	if err := Adopt(s); err != nil {
		return err
	}
	fmt.Fprintf(out, "Kubernetes %s, %d node(s), kubeconfig %s\n\n", s.KubernetesVersion, s.Nodes, filepath.Join(s.StateDir(), "kubeconfig"))
	if err := processes(s, out); err != nil {
		return err
	}
	for _, kinds := range []string{"nodes", "pods", "vms,vmis"} {
		answer, err := Kubectl(ctx, s, nil, "get", kinds, "--all-namespaces", "--output=wide", "--request-timeout=10s")
		if err != nil {
			answer = fmt.Sprintf("no answer about %s:\n%s\n", kinds, lastLines(err.Error(), 1))
		}
		fmt.Fprintf(out, "\n%s", answer)
	}
	return nil
}

func processes(s *settings.Settings, out io.Writer) error {
	var files []string
	for _, pattern := range []string{"control/*.pid", "nodes/*/*.pid"} {
		found, err := filepath.Glob(filepath.Join(s.StateDir(), pattern))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	for _, file := range files {
		name, err := filepath.Rel(s.StateDir(), file)
		if err != nil {
			return err
		}
		state := ""
		if pid, err := readPid(s, name); err != nil {
			state = err.Error()
		} else {
			state = fmt.Sprintf("pid %d, %s", pid, residentMemory(pid))
		}
		fmt.Fprintf(out, "%-32s %s\n", strings.TrimSuffix(name, ".pid"), state)
	}
	return nil
}

// residentMemory reads the line "VmRSS:  1234 kB" of a process.
func residentMemory(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "memory unknown"
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(value) + " resident"
		}
	}
	return "ended"
}
