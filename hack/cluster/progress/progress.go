// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package progress shows the steps of a long command with their times, and keeps their output for when one fails.
package progress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// tickTerminal and tickLog are the intervals at which a running step shows its time.
	tickTerminal = time.Second
	tickLog      = 30 * time.Second
	// tailLines is how much of a failed program's output is shown.
	tailLines = 25
)

// Reporter prints the steps of one command.
type Reporter struct {
	out      io.Writer
	terminal bool
	started  time.Time
}

// New makes a Reporter that writes to file.
func New(file *os.File) *Reporter {
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return &Reporter{out: file, terminal: err == nil, started: time.Now()}
}

// Step runs one step and prints its time when it is done. A step that takes longer shows that it is at work.
func (r *Reporter) Step(name string, step func() error) error {
	started := time.Now()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		r.tick(name, started, stop)
	}()
	err := step()
	close(stop)
	<-stopped
	r.clear()
	mark := "ok"
	if err != nil {
		mark = "!!"
	}
	fmt.Fprintf(r.out, "%s  %-52s %7.1f s\n", mark, name, time.Since(started).Seconds())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Note prints a line between steps.
func (r *Reporter) Note(format string, args ...any) {
	r.clear()
	fmt.Fprintf(r.out, "--  "+format+"\n", args...)
}

// Total is the time since the command began.
func (r *Reporter) Total() time.Duration { return time.Since(r.started) }

func (r *Reporter) tick(name string, started time.Time, stop <-chan struct{}) {
	interval := tickLog
	if r.terminal {
		interval = tickTerminal
		fmt.Fprintf(r.out, "..  %s", name)
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			r.clear()
			fmt.Fprintf(r.out, "..  %-52s %5.0f   s", name, time.Since(started).Seconds())
			if !r.terminal {
				fmt.Fprintln(r.out)
			}
		}
	}
}

func (r *Reporter) clear() {
	if r.terminal {
		fmt.Fprint(r.out, "\r\x1b[K")
	}
}

// Run runs a program and returns what it wrote to its standard output. Its error shows the end of all that it wrote.
func Run(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var stdout bytes.Buffer
	all := &lockedBuffer{}
	cmd.Stdout = io.MultiWriter(&stdout, all)
	cmd.Stderr = all
	// A build does not go on when this program is killed. The kernel ties that to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return stdout.String(), fmt.Errorf("run %s: %w\n%s", strings.Join(cmd.Args, " "), err, Tail(all.String()))
	}
	return stdout.String(), nil
}

// lockedBuffer takes both outputs of a program, which arrive from two goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// Tail returns the last lines of a text, indented.
func Tail(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	return "    " + strings.Join(lines, "\n    ")
}
