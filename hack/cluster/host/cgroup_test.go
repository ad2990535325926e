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
		want      []string
		v2        bool
	}{
		"hybrid: the unified hierarchy has no controllers": {
			mountinfo: `31 25 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
32 25 0:28 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
33 25 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`,
			want: []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/memory"},
		},
		"unified": {
			mountinfo: `30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
31 24 0:30 / / rw - ext4 /dev/vda rw`,
			want: []string{"/sys/fs/cgroup"},
			v2:   true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, v2, err := parseHierarchies(bufio.NewScanner(strings.NewReader(test.mountinfo)))
			if err != nil || v2 != test.v2 || !slices.Equal(got, test.want) {
				t.Errorf("got %q, v2 %v, error %v; want %q, v2 %v", got, v2, err, test.want, test.v2)
			}
		})
	}
	if _, _, err := parseHierarchies(bufio.NewScanner(strings.NewReader("30 24 0:26 / / rw - ext4 /dev/vda rw"))); err == nil {
		t.Error("a host without cgroups was accepted")
	}
}
