// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Reaper starts processes and collects every child that ends, also those that it did not start: as PID 1
// a machine inherits the orphans of its namespace (container shims, for example).
// A program that uses a Reaper must not use os/exec, which waits for its children itself.
type Reaper struct {
	// mu is held while a child is made and while children are collected, so that no exit is lost.
	mu      sync.Mutex
	waiting map[int]chan syscall.WaitStatus
}

// NewReaper makes a Reaper and begins to collect.
func NewReaper() *Reaper {
	r := &Reaper{waiting: map[int]chan syscall.WaitStatus{}}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	go func() {
		for range signals {
			r.collect()
		}
	}()
	return r
}

// Start runs argv0 and returns its pid and a channel that receives its status once it has ended.
func (r *Reaper) Start(argv0 string, argv []string, attr *syscall.ProcAttr) (int, <-chan syscall.WaitStatus, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := syscall.ForkExec(argv0, argv, attr)
	if err != nil {
		return 0, nil, err
	}
	done := make(chan syscall.WaitStatus, 1)
	r.waiting[pid] = done
	return pid, done, nil
}

func (r *Reaper) collect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if done, ok := r.waiting[pid]; ok {
			delete(r.waiting, pid)
			done <- status
		}
	}
}
