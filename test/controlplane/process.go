// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// stopPatience is how long a server may drain before it is killed.
const stopPatience = 30 * time.Second

// Process is a server that runs beside this program and ends with it.
type Process struct {
	Name string
	PID  int
	// Port is where virt-apiserver serves; kube-apiserver is in front of it.
	Port int
	// Log is the file that the server writes to.
	Log string

	cmd   *exec.Cmd
	ended chan struct{}
	err   error
}

func start(name, log string, cmd *exec.Cmd) (*Process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("make log of %s: %w", name, err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	// A program that is killed takes its servers with it; an interrupt from the terminal is for the
	// program alone, which ends them in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &Process{Name: name, PID: cmd.Process.Pid, Log: log, cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop asks the server to end and waits; a server that never started is fine.
func (p *Process) stop() error {
	if p == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.Name, err)
	}
	select {
	case <-p.ended:
	case <-time.After(stopPatience):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("stop %s: it did not end within %s", p.Name, stopPatience)
	}
	if p.err != nil {
		return fmt.Errorf("%s ended: %w: %s", p.Name, p.err, kubeapiserver.Tail(p.Log))
	}
	return nil
}
