// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/hack/cluster/host"
)

// ShimCommand is the hidden command with which a machine starts its services through this program.
const ShimCommand = "shim"

// Descriptors that keeper.run hands to the shim.
const (
	shimHostProc = 3
	shimPidFile  = 4
)

// Shim prepares the process that it runs in, then becomes the service: it joins the cgroup, records the pid that
// the host sees and lifts the limit of open files. Doing this in the service's own process needs no translation of pids.
func Shim(cgroup string, argv []string) error {
	if err := host.JoinCgroup(cgroup); err != nil {
		return fmt.Errorf("join cgroup %s: %w", cgroup, err)
	}
	if err := recordPid(shimHostProc, shimPidFile); err != nil {
		return fmt.Errorf("record pid: %w", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil {
		limit.Cur = limit.Max
		// A refusal leaves the limit that there was.
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return fmt.Errorf("find program: %w", err)
	}
	return unix.Exec(path, argv, os.Environ())
}

// recordPid writes the pid that /proc of the host shows for this process, and closes both descriptors for the service.
func recordPid(hostProc, pidFile int) error {
	buffer := make([]byte, 32)
	n, err := unix.Readlinkat(hostProc, "self", buffer)
	if err != nil {
		return fmt.Errorf("read self of the host's /proc: %w", err)
	}
	pid, err := strconv.Atoi(string(buffer[:n]))
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(pidFile), "pid file")
	defer file.Close()
	text := fmt.Sprintf("%d\n", pid)
	if _, err := file.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	if err := file.Truncate(int64(len(text))); err != nil {
		return err
	}
	return unix.Close(hostProc)
}
