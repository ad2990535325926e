// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster starts and ends the local cluster as a whole, and knows its state.
package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/virtplane/virtplane/hack/cluster/build"
	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/kube"
	"github.com/virtplane/virtplane/hack/cluster/machine"
	"github.com/virtplane/virtplane/hack/cluster/network"
	"github.com/virtplane/virtplane/hack/cluster/preflight"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// PauseImage is the image of the pods' sandbox containers.
const PauseImage = "virtplane.io/pause:dev"

// OwnerVariable names the environment variable that ties a cluster to the life of a process: when that has ended,
// another clone may clear the cluster away.
const OwnerVariable = "VIRTPLANE_OWNER_PID"

// Start starts a new cluster in an empty state directory. It returns as soon as the supervisor has all that it needs.
func Start(s *settings.Settings) error {
	for _, name := range []string{"control", "nodes"} {
		if err := os.MkdirAll(filepath.Join(s.StateDir(), name), 0o700); err != nil {
			return err
		}
	}
	options, err := kubeOptions(s)
	if err != nil {
		return err
	}
	spec, err := options.Write()
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	sysctls, err := host.SaveSysctls()
	if err != nil {
		return err
	}
	record := &host.Record{Dir: s.StateDir(), Sysctls: sysctls, Settings: s.Key()}
	if record.Owner, err = owner(); err != nil {
		return err
	}
	// Before anything is changed, so that a run that is killed right here can be undone.
	if err := record.Write(); err != nil {
		return err
	}
	for _, name := range append([]string{spec.Control.Name}, nodeNames(spec)...) {
		if err := host.MakeCgroup(host.CgroupParent + "/" + name); err != nil {
			return fmt.Errorf("make cgroup: %w", err)
		}
	}
	if err := host.RaiseSysctls(); err != nil {
		return err
	}
	logFile, err := os.OpenFile(SupervisorLog(s), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer logFile.Close()
	pid, pipe, err := machine.StartSupervisor(logFile)
	if err != nil {
		return err
	}
	// If anything fails before the spec is sent, the supervisor ends by itself when the pipe closes.
	defer pipe.Close()
	if record.Supervisor, err = host.Identify(pid); err != nil {
		return fmt.Errorf("identify supervisor: %w", err)
	}
	if err := record.Write(); err != nil {
		return err
	}
	if err := network.AttachHost(pid); err != nil {
		return fmt.Errorf("connect host: %w", err)
	}
	if err := json.NewEncoder(pipe).Encode(spec); err != nil {
		return fmt.Errorf("send spec: %w", err)
	}
	return nil
}

func kubeOptions(s *settings.Settings) (*kube.Options, error) {
	tools, err := build.Tools(s)
	if err != nil {
		return nil, err
	}
	dirs := map[string]string{}
	for _, tool := range tools {
		dirs[tool.Name] = tool.Dir(s)
	}
	v2, err := host.CgroupV2()
	if err != nil {
		return nil, err
	}
	total, _, err := preflight.Memory()
	if err != nil {
		return nil, err
	}
	return &kube.Options{
		StateDir: s.StateDir(), KubernetesDir: dirs["kubernetes"], ContainerdDir: dirs["containerd"], RuncDir: dirs["runc"], EtcdDir: dirs["etcd"], CoreDNSDir: dirs["coredns"],
		Nodes: s.Nodes, Audit: s.Audit, CgroupV2: v2, RestrictOOMScore: !preflight.CanRaiseOOMScore(),
		Snapshotter: preflight.Snapshotter(s.StateDir()), TotalMemoryMiB: total, NodeMemoryMiB: preflight.NodeMemory(total, s.Nodes),
		PauseImage: PauseImage,
	}, nil
}

func owner() (*host.Process, error) {
	text := os.Getenv(OwnerVariable)
	if text == "" {
		return nil, nil
	}
	pid, err := strconv.Atoi(text)
	if err != nil {
		return nil, errors.New(OwnerVariable + " is not a process number")
	}
	process, err := host.Identify(pid)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", OwnerVariable, err)
	}
	return &process, nil
}

func nodeNames(spec *machine.Spec) []string {
	var names []string
	for _, node := range spec.Nodes {
		names = append(names, node.Name)
	}
	return names
}

// SupervisorLog is where the supervisor says what ends and starts again.
func SupervisorLog(s *settings.Settings) string {
	return filepath.Join(s.StateDir(), "control", "supervisor.log")
}
