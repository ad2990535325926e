// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// Console is a person at a terminal with virtctl console.
type Console struct {
	testing.TB
	cmd    *exec.Cmd
	screen *os.File

	mu sync.Mutex
	// output is all that the guest has sent, notices all that virtctl has said.
	output, notices []byte
	// changed is closed and replaced when output grows or ended is set.
	changed chan struct{}
	ended   bool

	// read is how far Expect has come in output.
	read int
}

// Console opens the console of an instance, in a terminal of its own.
func (n *Namespace) Console(name string, flags ...string) *Console {
	n.Helper()
	return n.ConsoleOf("virtctl", name, flags...)
}

// ConsoleOf is Console with another program than our virtctl.
func (n *Namespace) ConsoleOf(program, name string, flags ...string) *Console {
	n.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := n.Command(ctx, program, append([]string{"console", name}, flags...)...)
	c := &Console{TB: n.TB, cmd: cmd, changed: make(chan struct{})}
	cmd.Stderr = sink{c, &c.notices}
	c.start(cancel, "console of "+name)
	return c
}

// Terminal runs one of our programs in a terminal of its own, which also has what the program says of errors.
func (n *Namespace) Terminal(program string, args ...string) *Console {
	n.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := &Console{TB: n.TB, cmd: n.Command(ctx, program, args...), changed: make(chan struct{})}
	c.start(cancel, program+" "+strings.Join(args, " "))
	return c
}

// start opens the terminal, which goes with the test.
func (c *Console) start(cancel context.CancelFunc, name string) {
	c.Helper()
	var err error
	c.screen, err = pty.StartWithSize(c.cmd, &pty.Winsize{Rows: 50, Cols: 200})
	Need(c, err, "start "+name)
	go c.follow()
	c.Cleanup(func() {
		cancel()
		// It was killed, which is no news.
		_ = c.cmd.Wait()
		c.screen.Close()
		if c.Failed() {
			c.Logf("%s, last output:\n%s\nnotices:\n%s", name, tail(c.Shown(), 4000), c.Notices())
		}
	})
}

// sink collects what virtctl writes.
type sink struct {
	console *Console
	to      *[]byte
}

func (s sink) Write(p []byte) (int, error) {
	s.console.mu.Lock()
	defer s.console.mu.Unlock()
	*s.to = append(*s.to, p...)
	s.console.signal()
	return len(p), nil
}

// follow reads the terminal until its last program has ended, which reads as an I/O error.
func (c *Console) follow() {
	_, _ = io.Copy(sink{c, &c.output}, c.screen)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.signal()
}

func (c *Console) signal() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Shown is all that the guest has sent so far.
func (c *Console) Shown() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.output)
}

// Notices is all that virtctl has said so far.
func (c *Console) Notices() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.notices)
}

// Type sends keystrokes.
func (c *Console) Type(keys string) {
	c.Helper()
	if _, err := io.WriteString(c.screen, keys); err != nil {
		c.Fatalf("type %q: %v", keys, err)
	}
}

// Expect waits for output that matches, behind what the last Expect found, and returns the match and its groups.
func (c *Console) Expect(pattern string, timeout time.Duration) []string {
	c.Helper()
	match := c.seek(regexp.MustCompile(pattern), timeout)
	if match == nil {
		c.Fatalf("console: no %q within %s; the last output was %q; notices: %q", pattern, timeout, tail(c.Shown(), 2000), c.Notices())
	}
	return match
}

// seek is Expect that returns nil when there is no such output.
func (c *Console) seek(pattern *regexp.Regexp, timeout time.Duration) []string {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		c.mu.Lock()
		rest, ended, changed := c.output[c.read:], c.ended, c.changed
		c.mu.Unlock()
		if at := pattern.FindSubmatchIndex(rest); at != nil {
			match := make([]string, len(at)/2)
			for i := range match {
				if at[2*i] >= 0 {
					match[i] = string(rest[at[2*i]:at[2*i+1]])
				}
			}
			c.read += at[1]
			return match
		}
		if ended {
			return nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			return nil
		}
	}
}

// Forget has Expect look only at what comes from now on.
func (c *Console) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = len(c.output)
}

// Leave presses Ctrl-] and returns the exit code of virtctl and how long it took to end.
func (c *Console) Leave() (int, time.Duration) {
	c.Helper()
	began := time.Now()
	c.Type("\x1d")
	return c.Wait(Quick), time.Since(began)
}

// Wait waits for virtctl to end by itself and returns its exit code.
func (c *Console) Wait(timeout time.Duration) int {
	c.Helper()
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			c.Fatalf("virtctl console: %v", err)
		}
	case <-time.After(timeout):
		c.Fatalf("virtctl console has not ended within %s; notices: %q", timeout, c.Notices())
	}
	return c.cmd.ProcessState.ExitCode()
}

func tail(text string, length int) string { return text[max(0, len(text)-length):] }

// Opens waits until virtctl is connected, or has ended because it was refused.
func (c *Console) Opens(timeout time.Duration) bool {
	c.Helper()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		c.mu.Lock()
		connected, ended, changed := bytes.Contains(c.notices, []byte("Connected to")), c.ended, c.changed
		c.mu.Unlock()
		if connected || ended {
			return connected
		}
		select {
		case <-changed:
		case <-deadline.C:
			c.Fatalf("virtctl console neither connects nor ends within %s; notices: %q", timeout, c.Notices())
		}
	}
}
