// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"
)

// maxName is how much of a program's name the kernel keeps, in bytes.
const maxName = 15

// FindProcess returns the process of a pod that runs the program, as this machine sees it; 0 when there is none. The
// pod's UID is in the path of its control group.
func FindProcess(pod types.UID, program string) int {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		name := filepath.Base(dir)
		if processName(name) != program[:min(len(program), maxName)] {
			continue
		}
		groups, err := os.ReadFile(filepath.Join(dir, "cgroup"))
		if err == nil && strings.Contains(string(groups), string(pod)) {
			pid, _ := strconv.Atoi(name)
			return pid
		}
	}
	return 0
}

// Process is FindProcess for a process that must be there.
func Process(t testing.TB, pod types.UID, program string) int {
	t.Helper()
	pid := FindProcess(pod, program)
	if pid == 0 {
		t.Fatalf("pod %s runs no %s", pod, program)
	}
	return pid
}

// Kill ends a process as a crash would and waits until it is gone.
func Kill(t testing.TB, pid int, program string) time.Time {
	t.Helper()
	if got := processName(strconv.Itoa(pid)); got != program[:min(len(program), maxName)] {
		t.Fatalf("process %d is %q, not %s", pid, got, program)
	}
	// A descriptor tells of the end of exactly this process.
	fd, err := unix.PidfdOpen(pid, 0)
	Need(t, err, "open process")
	defer unix.Close(fd)
	killed := time.Now()
	Need(t, unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0), "kill "+program)
	ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(Quick.Milliseconds()))
	Need(t, err, "wait for the end of "+program)
	if ready == 0 {
		t.Fatalf("%s (process %d) does not end", program, pid)
	}
	t.Logf("killed %s (process %d)", program, pid)
	return killed
}

// NetworkNamespace returns the kernel's name of the network namespace of a process, such as net:[4026532201].
func NetworkNamespace(t testing.TB, pid int) string {
	t.Helper()
	name, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
	Need(t, err, "read network namespace")
	return name
}

func processName(pid string) string {
	raw, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
