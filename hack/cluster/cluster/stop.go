// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/network"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// killTimeout is for the kernel to end every process of the cluster; guests with gigabytes of memory take a while.
const killTimeout = 60 * time.Second

// Stop removes the recorded cluster and everything that it made on the host, and the state of this clone.
// It works as well on what a killed run has left. A cluster of another clone that still runs is left alone unless
// force is set or nobody can want it any more.
func Stop(s *settings.Settings, force bool) (note string, err error) {
	record, err := host.ReadRecord()
	if err != nil {
		return "", err
	}
	if record == nil {
		record = &host.Record{Dir: s.StateDir()}
	}
	if filepath.Base(record.Dir) != filepath.Base(s.StateDir()) {
		return "", fmt.Errorf("the cluster record names %q, which is not a state directory", record.Dir)
	}
	if record.Dir != s.StateDir() && record.Running() {
		reason := record.Abandoned()
		if reason == "" && force {
			reason = "asked to"
		}
		if reason == "" {
			return "", Foreign(record)
		}
		note = fmt.Sprintf("removing the cluster of %s: %s", record.Dir, reason)
	}
	if record.Running() {
		if err := record.Supervisor.Kill(killTimeout); err != nil {
			return note, fmt.Errorf("end cluster: %w", err)
		}
	}
	err = errors.Join(
		network.DetachHost(),
		host.RemoveCgroups(),
		host.RestoreSysctls(record.Sysctls),
		host.RemoveState(record.Dir),
	)
	if record.Dir != s.StateDir() {
		err = errors.Join(err, host.RemoveState(s.StateDir()))
	}
	if err != nil {
		return note, err
	}
	return note, host.RemoveRecord()
}

// Foreign says that another clone's cluster is in the way.
func Foreign(record *host.Record) error {
	return fmt.Errorf("a cluster of another clone runs on this machine: %s (process %d); "+
		"run `make down` there, or `make down FORCE=1` here to remove it", record.Dir, record.Supervisor.Pid)
}
