// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package host holds what the local cluster does to the machine that it runs on: cgroups, sysctls, processes, mounts,
// and the record from which all of it can be undone.
package host

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CgroupParent is the cgroup below which every process of the cluster runs.
const CgroupParent = "/virtplane"

// cgroupRemoval is how long the kernel may need to let go of the cgroups of processes that have just been killed.
const cgroupRemoval = 10 * time.Second

// hierarchies are the mount points of the host's cgroups.
type hierarchies struct {
	// v1 is empty on a host with the unified hierarchy only; v2 may be there without controllers beside v1.
	v1 []string
	v2 string
}

// used are the hierarchies in which this program places processes. On a hybrid host the kubelet manages v1.
func (h *hierarchies) used() []string {
	if len(h.v1) > 0 {
		return h.v1
	}
	return []string{h.v2}
}

// all are the hierarchies in which something may be left: runc uses v2 of a hybrid host as well.
func (h *hierarchies) all() []string {
	if h.v2 == "" {
		return h.v1
	}
	return append(slices.Clone(h.v1), h.v2)
}

func findHierarchies() (*hierarchies, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parseHierarchies(bufio.NewScanner(file))
}

func parseHierarchies(lines *bufio.Scanner) (*hierarchies, error) {
	h := &hierarchies{}
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 5 {
			continue
		}
		switch kind, _, _ := strings.Cut(after, " "); {
		case kind == "cgroup" && !slices.Contains(h.v1, fields[4]):
			h.v1 = append(h.v1, fields[4])
		case kind == "cgroup2" && h.v2 == "":
			h.v2 = fields[4]
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(h.v1) == 0 && h.v2 == "" {
		return nil, errors.New("no cgroup hierarchy is mounted")
	}
	return h, nil
}

// CgroupV2 reports whether the host has the unified hierarchy only.
func CgroupV2() (bool, error) {
	h, err := findHierarchies()
	return err == nil && len(h.v1) == 0, err
}

// MakeCgroup makes the cgroup, and the ones above it, in every hierarchy, ready for processes and children.
func MakeCgroup(cgroup string) error {
	h, err := findHierarchies()
	if err != nil {
		return err
	}
	for _, mount := range h.used() {
		dir := mount
		for part := range strings.SplitSeq(strings.Trim(cgroup, "/"), "/") {
			if len(h.v1) == 0 {
				if err := enableControllers(dir); err != nil {
					return err
				}
			}
			parent := dir
			dir = filepath.Join(dir, part)
			if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			if err := inheritCpuset(parent, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// enableControllers hands every controller of a v2 cgroup to its children.
func enableControllers(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for controller := range strings.FieldsSeq(string(text)) {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+controller), 0); err != nil {
			return fmt.Errorf("enable controller %s in %s: %w", controller, dir, err)
		}
	}
	return nil
}

// inheritCpuset copies the processors and memory nodes of the parent: a v1 cpuset begins empty and takes no process.
func inheritCpuset(parent, dir string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		current, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if strings.TrimSpace(string(current)) != "" {
			continue
		}
		value, err := os.ReadFile(filepath.Join(parent, name))
		if err != nil || strings.TrimSpace(string(value)) == "" {
			// On v2 an empty value means that of the parent.
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), value, 0); err != nil {
			return err
		}
	}
	return nil
}

// JoinCgroup makes the cgroup and moves the calling process into it.
func JoinCgroup(cgroup string) error {
	if err := MakeCgroup(cgroup); err != nil {
		return err
	}
	h, err := findHierarchies()
	if err != nil {
		return err
	}
	for _, mount := range h.used() {
		if err := os.WriteFile(filepath.Join(mount, cgroup, "cgroup.procs"), []byte("0"), 0); err != nil {
			return err
		}
	}
	return nil
}

// RemoveCgroups removes CgroupParent and all below it from every hierarchy.
func RemoveCgroups() error {
	h, err := findHierarchies()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(cgroupRemoval)
	for _, mount := range h.all() {
		for {
			err := removeTree(filepath.Join(mount, CgroupParent))
			if err == nil {
				break
			}
			if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes directories only: the files of a cgroup vanish with it.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := unix.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "remove cgroup", Path: dir, Err: err}
	}
	return nil
}
