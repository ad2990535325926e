// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bufio"
	"slices"
	"strings"
	"testing"
)

func TestHierarchiesOfHybridAndUnifiedHosts(t *testing.T) {
	tests := map[string]struct {
		mountinfo string
		used, all []string
	}{
		"hybrid: the unified hierarchy has no controllers": {
			mountinfo: `31 25 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
32 25 0:28 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
33 25 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`,
			used: []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/memory"},
			all:  []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified"},
		},
		"unified": {
			mountinfo: `30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
31 24 0:30 / / rw - ext4 /dev/vda rw`,
			used: []string{"/sys/fs/cgroup"},
			all:  []string{"/sys/fs/cgroup"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h, err := parseHierarchies(bufio.NewScanner(strings.NewReader(test.mountinfo)))
			if err != nil || !slices.Equal(h.used(), test.used) || !slices.Equal(h.all(), test.all) {
				t.Errorf("got %+v, error %v; want %q of %q", h, err, test.used, test.all)
			}
		})
	}
	if _, err := parseHierarchies(bufio.NewScanner(strings.NewReader("30 24 0:26 / / rw - ext4 /dev/vda rw"))); err == nil {
		t.Error("a host without cgroups was accepted")
	}
}
