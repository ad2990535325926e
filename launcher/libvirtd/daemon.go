// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package libvirtd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/reaper"
)

const (
	minRestart = 50 * time.Millisecond
	maxRestart = 5 * time.Second
	// healthyAfter is how long the daemon must have run for the next restart to be at once again.
	healthyAfter = 30 * time.Second
	lookEvery    = 2 * time.Millisecond
)

// Daemon is the libvirtd of a launcher.
type Daemon struct {
	layout  Layout
	reaper  *reaper.Reaper
	program string
}

// New returns a daemon that is not started yet.
func New(layout Layout, r *reaper.Reaper) *Daemon {
	return &Daemon{layout: layout, reaper: r, program: daemonPath}
}

// Run keeps the daemon running until ctx ends, and then kills it.
func (d *Daemon) Run(ctx context.Context) {
	log := klog.FromContext(ctx)
	wait := minRestart
	for {
		began := time.Now()
		status, err := d.runOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > healthyAfter {
			wait = minRestart
		}
		log.Info("libvirtd ended, starting it again", "status", status.String(), "err", err, "after", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, maxRestart)
	}
}

func (d *Daemon) runOnce(ctx context.Context) (reaper.Status, error) {
	pid, exited, err := d.reaper.Start(d.program, []string{d.program}, &os.ProcAttr{
		Dir:   "/",
		Env:   d.layout.Environment(),
		Files: []*os.File{nil, os.Stderr, os.Stderr},
	})
	if err != nil {
		return reaper.Status{}, err
	}
	select {
	case status := <-exited:
		return status, nil
	case <-ctx.Done():
		_ = unix.Kill(pid, unix.SIGKILL) // it holds nothing that a clean end would save
		return <-exited, nil
	}
}

// Connect calls connect with the daemon's socket until it succeeds or ctx ends. The socket's file is
// looked for first, which costs less than a try.
func (d *Daemon) Connect(ctx context.Context, connect func(socket string) (<-chan struct{}, error)) (<-chan struct{}, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		_, err := os.Lstat(d.layout.Socket())
		if err == nil {
			var lost <-chan struct{}
			if lost, err = connect(d.layout.Socket()); err == nil {
				return lost, nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for libvirtd: %w", errors.Join(ctx.Err(), err))
		}
	}
}
