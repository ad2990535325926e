// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"fmt"
	"log"
	"os"
	"path"
	"syscall"
	"time"
)

// self is this program, also after the root directory has changed.
const self = "/proc/self/exe"

// processName is what `ps` shows for the PID 1 of each machine.
const processName = "virtplane-cluster"

const (
	// waitForMax bounds the wait of a service for another.
	waitForMax = 10 * time.Second
	// waitForInterval is the pause between two looks.
	waitForInterval = 20 * time.Millisecond
)

// keeper keeps the services of one machine running.
type keeper struct {
	reaper *Reaper
	// dir holds logs and pid files; it stays open across the change of root.
	dir *os.Root
	// hostProc is the /proc directory of the host's PID namespace, where a process finds the pid that the host sees.
	hostProc *os.File
	// cgroup is the parent of the services' cgroups.
	cgroup string
}

// keep starts the service again whenever it ends. It does not return: a machine ends by a kill of its PID 1.
func (k *keeper) keep(service Service) {
	var pause backoff
	for {
		waitFor(service.WaitFor)
		started := time.Now()
		status, err := k.run(service)
		if err != nil {
			log.Printf("start %s: %v", service.Name, err)
		} else {
			log.Printf("%s ended: %s", service.Name, describe(status))
		}
		time.Sleep(pause.next(time.Since(started)))
	}
}

// waitFor returns when the path exists. After waitForMax the service starts all the same and says itself what it lacks.
func waitFor(path string) {
	for deadline := time.Now().Add(waitForMax); path != "" && time.Now().Before(deadline); time.Sleep(waitForInterval) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
}

func (k *keeper) run(service Service) (syscall.WaitStatus, error) {
	output, err := k.dir.OpenFile(service.Name+".log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return 0, fmt.Errorf("open log: %w", err)
	}
	defer output.Close()
	pidFile, err := k.dir.OpenFile(service.Name+".pid", os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, fmt.Errorf("open pid file: %w", err)
	}
	defer pidFile.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	defer null.Close()

	argv := append([]string{self, ShimCommand, path.Join(k.cgroup, service.Name)}, service.Argv...)
	_, done, err := k.reaper.Start(self, argv, &syscall.ProcAttr{
		Env:   append(os.Environ(), service.Env...),
		Files: []uintptr{null.Fd(), output.Fd(), output.Fd(), k.hostProc.Fd(), pidFile.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, err
	}
	return <-done, nil
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}
