// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"os"
	"strings"
)

// oomFiles count the processes of the pod that the kernel killed for memory, with cgroup v2 and v1.
var oomFiles = []string{"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"}

// outOfMemory tells that the kernel killed a process of the pod for want of memory.
func outOfMemory() bool {
	for _, path := range oomFiles {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			if count, ok := strings.CutPrefix(line, "oom_kill "); ok && strings.TrimSpace(count) != "0" {
				return true
			}
		}
	}
	return false
}
