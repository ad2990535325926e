// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// inotifyMinimum are the limits of inotify that several nodes on one machine need: every kubelet, containerd and
// shim takes instances, and they all count as the same user.
var inotifyMinimum = map[string]int{
	"fs/inotify/max_user_instances": 1024,
	"fs/inotify/max_user_watches":   131072,
}

// kubeletSysctls are the host-wide settings that a kubelet changes when it starts (pkg/kubelet/cm setupKernelTunables).
var kubeletSysctls = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
	"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
}

// SaveSysctls returns the present values of all settings that a running cluster changes.
func SaveSysctls() (map[string]string, error) {
	saved := map[string]string{}
	names := kubeletSysctls
	for name := range inotifyMinimum {
		names = append(names[:len(names):len(names)], name)
	}
	for _, name := range names {
		text, err := os.ReadFile(sysctlPath(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read sysctl: %w", err)
		}
		saved[name] = strings.TrimSpace(string(text))
	}
	return saved, nil
}

// RaiseSysctls lifts limits that are too low for several nodes.
func RaiseSysctls() error {
	for name, minimum := range inotifyMinimum {
		text, err := os.ReadFile(sysctlPath(name))
		if err != nil {
			return fmt.Errorf("read sysctl: %w", err)
		}
		if current, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && current >= minimum {
			continue
		}
		if err := os.WriteFile(sysctlPath(name), []byte(strconv.Itoa(minimum)), 0); err != nil {
			return fmt.Errorf("raise sysctl: %w", err)
		}
	}
	return nil
}

// RestoreSysctls writes back what SaveSysctls returned.
func RestoreSysctls(saved map[string]string) error {
	var failed []error
	for name, value := range saved {
		if current, err := os.ReadFile(sysctlPath(name)); err == nil && strings.TrimSpace(string(current)) == value {
			continue
		}
		if err := os.WriteFile(sysctlPath(name), []byte(value), 0); err != nil {
			failed = append(failed, fmt.Errorf("restore sysctl: %w", err))
		}
	}
	return errors.Join(failed...)
}

func sysctlPath(name string) string { return filepath.Join("/proc/sys", name) }
