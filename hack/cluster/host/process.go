// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Process names a process for longer than its pid does: pids are used again, pairs of pid and start time are not.
type Process struct {
	Pid int `json:"pid"`
	// Start is the start time in clock ticks since boot, field 22 of /proc/PID/stat.
	Start uint64 `json:"start"`
}

// Identify returns the identity of a running process.
func Identify(pid int) (Process, error) {
	_, start, err := stat(pid)
	return Process{Pid: pid, Start: start}, err
}

// Alive reports whether exactly this process exists and has not ended. A zombie has ended.
func (p Process) Alive() bool {
	if p.Pid <= 0 {
		return false
	}
	state, start, err := stat(p.Pid)
	return err == nil && start == p.Start && state != "Z" && state != "X"
}

// Kill ends the process with SIGKILL and waits until it is gone; of a PID 1 of a PID namespace, all its processes with it.
func (p Process) Kill(timeout time.Duration) error {
	fd, err := unix.PidfdOpen(p.Pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open process %d: %w", p.Pid, err)
	}
	defer unix.Close(fd)
	// The descriptor pins the process, so what was checked is what is killed.
	if !p.Alive() {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill process %d: %w", p.Pid, err)
	}
	deadline := time.Now().Add(timeout)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return fmt.Errorf("process %d did not end within %s of SIGKILL", p.Pid, timeout)
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left.Milliseconds())+1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for process %d: %w", p.Pid, err)
		}
		if n > 0 {
			return nil
		}
	}
}

func stat(pid int) (state string, start uint64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, err
	}
	return parseStat(string(text))
}

// parseStat reads what follows the command name, which may hold spaces and brackets itself.
func parseStat(text string) (state string, start uint64, err error) {
	i := strings.LastIndexByte(text, ')')
	if i < 0 {
		return "", 0, errors.New("parse process status: no command name")
	}
	fields := strings.Fields(text[i+1:])
	const stateField, startField = 3, 22
	if len(fields) <= startField-stateField {
		return "", 0, errors.New("parse process status: too few fields")
	}
	start, err = strconv.ParseUint(fields[startField-stateField], 10, 64)
	return fields[0], start, err
}
