// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package preflight finds out whether a machine can run the local cluster, before anything is changed on it, and says
// in plain words what is missing.
package preflight

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/hack/cluster/network"
)

const (
	// controlMemoryMiB is what the control plane takes, baseMemoryMiB what a node and virtplane on it take.
	controlMemoryMiB = 1024
	baseMemoryMiB    = 1024
	// buildMemoryMiB is what linking the Kubernetes programs takes.
	buildMemoryMiB = 3072
	// coldDiskMiB is for the build of everything, warmDiskMiB for a cluster when all is cached.
	coldDiskMiB = 15 * 1024
	warmDiskMiB = 4 * 1024
)

// Needs say what is about to happen.
type Needs struct {
	// Dirs are the directories that will be filled, Cold is set when everything must be built.
	Dirs []string
	Cold bool
	// Nodes is the number of nodes to start; Running is set when they run already.
	Nodes   int
	Running bool
}

// Host returns everything that stands in the way, one message per problem.
func Host(needs Needs) error {
	if os.Geteuid() != 0 {
		return errors.New("the cluster makes namespaces, mounts and network links: run as root")
	}
	var problems []error
	for _, program := range []string{"go", "gcc", "git", "apt-get", "dpkg-query"} {
		if _, err := exec.LookPath(program); err != nil {
			problems = append(problems, fmt.Errorf("%s is not on PATH: this needs Debian 12 or 13 with Go, gcc, git and make", program))
		}
	}
	problems = append(problems, memory(needs))
	for _, dir := range needs.Dirs {
		problems = append(problems, disk(dir, needs.Cold))
	}
	if !needs.Running {
		conflict, err := network.Conflict()
		if err == nil && conflict != "" {
			err = errors.New(conflict)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func memory(needs Needs) error {
	if needs.Running {
		return nil
	}
	_, available, err := Memory()
	if err != nil {
		return err
	}
	want := controlMemoryMiB + needs.Nodes*baseMemoryMiB
	if needs.Cold {
		want = max(want, buildMemoryMiB)
	}
	if available < want {
		return fmt.Errorf("%d MiB of memory are free, %d nodes need %d MiB: end other programs or ask for fewer NODES", available, needs.Nodes, want)
	}
	return nil
}

// Memory returns the memory of the machine and what of it is free, in MiB.
func Memory() (total, available int, err error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		if err != nil {
			continue
		}
		switch name {
		case "MemTotal":
			total = kib / 1024
		case "MemAvailable":
			available = kib / 1024
		}
	}
	if total == 0 || available == 0 {
		return 0, 0, errors.New("read /proc/meminfo: MemTotal or MemAvailable is missing")
	}
	return total, available, nil
}

// NodeMemory is the share of the machine's memory that each node offers to pods, in MiB.
func NodeMemory(total, nodes int) int { return max((total-controlMemoryMiB)/nodes-512, 512) }

func disk(dir string, cold bool) error {
	// The directory may not exist yet.
	for dir != "/" {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("look at disk of %s: %w", dir, err)
	}
	free := int(fs.Bavail * uint64(fs.Bsize) >> 20)
	want := warmDiskMiB
	if cold {
		want = coldDiskMiB
	}
	if free < want {
		return fmt.Errorf("%d MiB are free on the disk of %s, %d MiB are needed", free, dir, want)
	}
	return nil
}
