// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// runDir is where the clones on one machine see each other's cluster. It lives as long as the processes do: until the next boot.
const runDir = "/run/virtplane"

// Record says which cluster runs on this machine and what must be undone when it goes.
type Record struct {
	// Dir is the state directory of the clone that started the cluster.
	Dir string `json:"dir"`
	// Supervisor is PID 1 of the cluster.
	Supervisor Process `json:"supervisor"`
	// Owner, if set, is the process for which the cluster runs; a cluster whose owner has ended is a leftover.
	Owner *Process `json:"owner,omitempty"`
	// Sysctls are the settings of the host as they were before.
	Sysctls map[string]string `json:"sysctls,omitempty"`
	// Settings tells apart clusters that were started differently.
	Settings string `json:"settings"`
}

// ReadRecord returns the record of this machine, nil if there is none.
func ReadRecord() (*Record, error) {
	text, err := os.ReadFile(recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read cluster record: %w", err)
	}
	record := &Record{}
	if err := json.Unmarshal(text, record); err != nil {
		return nil, fmt.Errorf("read cluster record %s: %w", recordPath(), err)
	}
	return record, nil
}

// Write replaces the record of this machine.
func (r *Record) Write() error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(runDir, 0o755); err != nil {
		return err
	}
	next := recordPath() + ".next"
	if err := os.WriteFile(next, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write cluster record: %w", err)
	}
	return os.Rename(next, recordPath())
}

// Running reports whether the supervisor of the recorded cluster lives.
func (r *Record) Running() bool { return r != nil && r.Supervisor.Alive() }

// Abandoned says why nobody can want the cluster any more, or "" if somebody may.
func (r *Record) Abandoned() string {
	if r.Owner != nil && !r.Owner.Alive() {
		return fmt.Sprintf("the run that started it (process %d) has ended", r.Owner.Pid)
	}
	if _, err := os.Stat(filepath.Dir(r.Dir)); errors.Is(err, fs.ErrNotExist) {
		return "its clone is gone"
	}
	return ""
}

// RemoveRecord forgets the cluster.
func RemoveRecord() error { return os.RemoveAll(runDir) }

func recordPath() string { return filepath.Join(runDir, "cluster.json") }

// lockName is an abstract socket: the kernel frees it when its process ends, and it leaves no file.
const lockName = "@virtplane-cluster"

// lockPatience is for a run that has just been killed to be gone.
const lockPatience = 3 * time.Second

// Lock keeps other runs of this program from changing the cluster until the process ends, however it ends.
// The children of this process do not inherit the lock.
func Lock() (release func(), err error) {
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(lockPatience / 50) {
		listener, err := net.Listen("unix", lockName)
		if err == nil {
			return func() { listener.Close() }, nil
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("lock: %w", err)
		}
		if time.Now().After(deadline) {
			return nil, errors.New("another `make up` or `make down` is at work on this machine; wait for it to end")
		}
	}
}
