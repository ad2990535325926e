// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/network"
)

// SupervisorCommand is the hidden command under which this program is PID 1 of the cluster.
const SupervisorCommand = "supervisor"

// specFile is the descriptor from which a machine's PID 1 reads what to run. It ends without data if the starter died.
const specFile = 3

// hostProcFile is the descriptor of the host's /proc that a node's PID 1 receives.
const hostProcFile = 4

// StartSupervisor starts the cluster's PID 1 in namespaces of its own. It waits for its spec: the caller first
// connects its network and records it, then writes the spec to the returned pipe and closes it.
func StartSupervisor(logFile *os.File) (pid int, spec io.WriteCloser, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer read.Close()
	cmd := exec.Command(self, SupervisorCommand)
	cmd.Args[0] = processName
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.ExtraFiles = []*os.File{read}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
	}
	if err := cmd.Start(); err != nil {
		write.Close()
		return 0, nil, fmt.Errorf("start supervisor: %w", err)
	}
	return cmd.Process.Pid, write, nil
}

// Supervise is the life of the cluster's PID 1. It returns only an error of its beginning.
func Supervise() error {
	endOnSignal()
	spec := &Spec{}
	if err := json.NewDecoder(os.NewFile(specFile, "spec")).Decode(spec); err != nil {
		return fmt.Errorf("read spec: %w", err)
	}
	hostProc, err := os.Open("/proc")
	if err != nil {
		return err
	}
	if err := host.JoinCgroup(path.Join(host.CgroupParent, spec.Control.Name, "supervisor")); err != nil {
		return fmt.Errorf("join cgroup: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := unix.Sethostname([]byte(spec.Control.Name)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	if err := network.SetUpControl(len(spec.Nodes)); err != nil {
		return fmt.Errorf("set up network: %w", err)
	}
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(network.Rules)
	if output, err := nft.CombinedOutput(); err != nil {
		return fmt.Errorf("load packet filter: %w: %s", err, output)
	}

	dir, err := os.OpenRoot(spec.Control.Dir)
	if err != nil {
		return err
	}
	// From here on the reaper collects all children; os/exec must not be used any more.
	k := &keeper{reaper: NewReaper(), dir: dir, hostProc: hostProc, cgroup: path.Join(host.CgroupParent, spec.Control.Name)}
	for _, service := range spec.Control.Services {
		go k.keep(service)
	}
	for _, node := range spec.Nodes {
		go k.keepNode(node)
	}
	select {}
}

// keepNode makes the node anew whenever its PID 1 ends. Its disks survive, as those of a machine that was switched off.
func (k *keeper) keepNode(node Node) {
	var pause backoff
	for {
		started := time.Now()
		status, err := k.runNode(node)
		if err != nil {
			log.Printf("start node %s: %v", node.Name, err)
		} else {
			log.Printf("node %s ended: %s", node.Name, describe(status))
		}
		time.Sleep(pause.next(time.Since(started)))
	}
}

func (k *keeper) runNode(node Node) (syscall.WaitStatus, error) {
	text, err := json.Marshal(node)
	if err != nil {
		return 0, err
	}
	dir, err := os.OpenRoot(node.Dir)
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	output, err := dir.OpenFile("init.log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return 0, fmt.Errorf("open log: %w", err)
	}
	defer output.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer write.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	pid, done, err := k.reaper.Start(self, []string{processName, NodeCommand}, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{null.Fd(), output.Fd(), output.Fd(), read.Fd(), k.hostProc.Fd()},
		Sys: &syscall.SysProcAttr{
			Setsid:     true,
			Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
		},
	})
	read.Close()
	if err != nil {
		return 0, err
	}
	if err := network.AttachNode(node.Index, pid); err != nil {
		// Without a spec the node ends by itself.
		write.Close()
		<-done
		return 0, fmt.Errorf("connect: %w", err)
	}
	if _, err := write.Write(text); err != nil {
		return 0, fmt.Errorf("send spec: %w", err)
	}
	write.Close()
	return <-done, nil
}

// endOnSignal ends this PID 1, and with it every process of its namespace, on SIGTERM or SIGINT.
func endOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	signal.Ignore(unix.SIGHUP, unix.SIGPIPE)
	go func() {
		log.Printf("ended by signal %s", <-signals)
		os.Exit(0)
	}()
}
