// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package reaper waits for every child of a process that is PID 1 or a subreaper and hands each
// wait status to whoever asked for it. Nothing else in the process may wait for children.
package reaper

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// remembered is how many exits of processes that nobody had asked for are kept, so that a process
// that ends before Exited is called for it is still found.
const remembered = 64

// Status is how a process ended.
type Status struct {
	// Code is the exit code; -1 when a signal ended the process.
	Code int
	// Signal that ended the process; 0 when it exited by itself.
	Signal unix.Signal
}

// String describes the status as "exit status 1" or "signal: killed".
func (s Status) String() string {
	if s.Signal != 0 {
		return "signal: " + s.Signal.String()
	}
	return fmt.Sprintf("exit status %d", s.Code)
}

// Reaper reaps children and remembers how they ended.
type Reaper struct {
	signals chan os.Signal
	stop    chan struct{}
	done    chan struct{}

	// mu guards waiting, ended and order, and is held while a child is started, so that its exit
	// cannot be dispatched before it is known.
	mu      sync.Mutex
	waiting map[int][]chan Status
	ended   map[int]Status
	order   []int
}

// New makes this process the reaper of its descendants and begins to reap.
func New() (*Reaper, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become subreaper: %w", err)
	}
	r := &Reaper{
		signals: make(chan os.Signal, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
		waiting: map[int][]chan Status{},
		ended:   map[int]Status{},
	}
	signal.Notify(r.signals, unix.SIGCHLD)
	go r.run()
	return r, nil
}

// Close stops reaping.
func (r *Reaper) Close() {
	signal.Stop(r.signals)
	close(r.stop)
	<-r.done
}

// Start starts a program and returns its process ID and a channel that gets its status once.
func (r *Reaper) Start(path string, argv []string, attr *os.ProcAttr) (int, <-chan Status, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := os.StartProcess(path, argv, attr)
	if err != nil {
		return 0, nil, fmt.Errorf("start %s: %w", path, err)
	}
	pid := p.Pid
	if err := p.Release(); err != nil {
		return 0, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return pid, r.watch(pid), nil
}

// Exited returns a channel that gets the status of a descendant once it has ended and was, or has
// become, a child of this process.
func (r *Reaper) Exited(pid int) <-chan Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	if status, ok := r.ended[pid]; ok {
		c := make(chan Status, 1)
		c <- status
		return c
	}
	return r.watch(pid)
}

func (r *Reaper) watch(pid int) <-chan Status {
	c := make(chan Status, 1)
	r.waiting[pid] = append(r.waiting[pid], c)
	return c
}

func (r *Reaper) run() {
	defer close(r.done)
	for {
		r.reap()
		select {
		case <-r.signals:
		case <-r.stop:
			return
		}
	}
}

// reap collects all children that have ended; one SIGCHLD may stand for several of them.
func (r *Reaper) reap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		r.dispatch(pid, statusOf(ws))
	}
}

func (r *Reaper) dispatch(pid int, status Status) {
	if waiting, ok := r.waiting[pid]; ok {
		delete(r.waiting, pid)
		for _, c := range waiting {
			c <- status
		}
		return
	}
	if _, known := r.ended[pid]; !known {
		r.order = append(r.order, pid)
	}
	r.ended[pid] = status
	if len(r.order) > remembered {
		delete(r.ended, r.order[0])
		r.order = r.order[1:]
	}
}

func statusOf(ws unix.WaitStatus) Status {
	if ws.Signaled() {
		return Status{Code: -1, Signal: ws.Signal()}
	}
	return Status{Code: ws.ExitStatus()}
}
