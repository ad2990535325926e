// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// powerVerbs are the names under which the program is asked to stop the machine. busybox has such
// commands too, but its init sleeps for two seconds on the way.
var powerVerbs = map[string]func(args []string) int{
	"poweroff": func([]string) int { return unix.LINUX_REBOOT_CMD_POWER_OFF },
	"halt":     func([]string) int { return unix.LINUX_REBOOT_CMD_POWER_OFF },
	"reboot":   func([]string) int { return unix.LINUX_REBOOT_CMD_RESTART },
	"shutdown": func(args []string) int {
		if slices.Contains(args, "-r") {
			return unix.LINUX_REBOOT_CMD_RESTART
		}
		return unix.LINUX_REBOOT_CMD_POWER_OFF
	},
}

const termWait = 2 * time.Second // for processes that do not end on SIGTERM

// shutdown ends all processes and stops or restarts the machine. It returns only on an error.
func shutdown(how int) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root may do this")
	}
	unix.Kill(1, unix.SIGTSTP) // init starts no getty for those that end now
	// A session leader that ends takes its terminal from us with a signal.
	unix.Setsid()
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	unix.Kill(-1, unix.SIGTERM)
	unix.Kill(-1, unix.SIGCONT)
	unix.Kill(-1, unix.SIGHUP) // an interactive shell ignores SIGTERM
	for deadline := time.Now().Add(termWait); time.Now().Before(deadline) && othersRun(); {
		time.Sleep(10 * time.Millisecond)
	}
	unix.Kill(-1, unix.SIGKILL)
	unix.Sync()
	// A file that is still open for writing keeps the root writable; the journal covers that.
	unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
	if err := unix.Reboot(how); err != nil {
		return fmt.Errorf("stop the machine: %w", err)
	}
	return nil
}

// othersRun tells whether there is a process besides init, this one and the kernel's threads.
func othersRun() bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(raw), ") ")
		fields := strings.Fields(after)
		pid := filepath.Base(filepath.Dir(path))
		const kernelThreads = "2" // the parent of all of them
		if len(fields) < 2 || fields[0] == "Z" || fields[1] == kernelThreads {
			continue
		}
		if pid != "1" && pid != "2" && pid != fmt.Sprint(os.Getpid()) {
			return true
		}
	}
	return false
}
