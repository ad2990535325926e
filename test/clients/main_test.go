// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package clients tests virtplane with the programs and libraries that KubeVirt publishes, unchanged: their
// virtctl and their Go client. It is a module of its own, because theirs need other versions of Kubernetes'
// libraries; the servers run as processes.
package clients

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// root of the repository, from this directory.
	root = "../.."
	// systemNamespace is where virtplane is installed.
	systemNamespace = "virtplane-system"
	// readyTimeout is ten times what a start takes on two busy cores.
	readyTimeout = 2 * time.Minute
)

// kubeconfig reaches the control plane that all tests share; each works in a namespace of its own.
var kubeconfig string

// virtctl is the path of the published program.
var virtctl string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	out, err := output(exec.Command("./virtctl/build.sh"))
	if err != nil {
		return 0, err
	}
	virtctl = strings.TrimSpace(out)
	bin, err := os.MkdirTemp("", "clients-")
	if err != nil {
		return 0, fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(bin)) }()
	// With the flags of the product, whose libraries are in the build cache then.
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin+"/", "./cmd/virt-apiserver", "./test/controlplane/run")
	build.Dir, build.Env = root, append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if _, err := output(build); err != nil {
		return 0, err
	}
	stop, err := startControlPlane(bin)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return m.Run(), nil
}

// startControlPlane runs the servers; the returned function ends them and tells what went wrong.
func startControlPlane(bin string) (func() error, error) {
	cmd := exec.Command(filepath.Join(bin, "run"), "--repo="+root, "--virt-apiserver="+filepath.Join(bin, "virt-apiserver"))
	cmd.Stderr = os.Stderr
	// A test that is killed takes the servers with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start control plane: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start control plane: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start control plane: %w", err)
	}
	ready := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		ready <- strings.TrimSpace(line)
	}()
	select {
	case kubeconfig = <-ready:
	case <-time.After(readyTimeout):
	}
	if kubeconfig == "" {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		return nil, fmt.Errorf("start control plane: it is not ready: %v", cmd.Wait())
	}
	return func() error {
		// The control plane runs until its input ends.
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			return fmt.Errorf("stop control plane: %w", err)
		}
		return nil
	}, nil
}

// output runs a command and returns what it prints to its standard output.
func output(cmd *exec.Cmd) (string, error) {
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w: %s", strings.Join(cmd.Args, " "), err, errOut.String())
	}
	return string(out), nil
}
