// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"
)

// commandTime is how long a command may take that waits for nothing long.
const commandTime = 2 * time.Minute

// Outcome is how a command ended.
type Outcome struct {
	Stdout, Stderr string
	// Code is the exit code.
	Code int
	// Took is how long the command ran.
	Took time.Duration
}

// Command is one of our programs, with the namespace and the cluster of the test. The environment wins over
// what the caller has.
func (n *Namespace) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, n.Program(program), append([]string{"--namespace=" + n.ID}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+n.Kubeconfig, "TERM=vt220")
	return cmd
}

// Try runs one of our programs and returns how it ended, be it well or not.
func (n *Namespace) Try(input, program string, args ...string) Outcome {
	n.Helper()
	cmd := n.Command(Context(n, commandTime), program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		n.Fatalf("run %s %s: %v", program, strings.Join(args, " "), err)
	}
	return Outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(began)}
}

// Kubectl runs kubectl, which must succeed, and returns what it prints.
func (n *Namespace) Kubectl(args ...string) string {
	n.Helper()
	return n.KubectlWith("", args...)
}

// KubectlWith is Kubectl with an input.
func (n *Namespace) KubectlWith(input string, args ...string) string {
	n.Helper()
	return n.must(n.Try(input, "kubectl", args...), "kubectl", args)
}

// Virtctl runs virtctl, which must succeed, and returns what it prints.
func (n *Namespace) Virtctl(args ...string) string {
	n.Helper()
	return n.must(n.Try("", "virtctl", args...), "virtctl", args)
}

// VirtctlRefused runs virtctl, which must fail with an error that contains the text.
func (n *Namespace) VirtctlRefused(text string, args ...string) {
	n.Helper()
	o := n.Try("", "virtctl", args...)
	if o.Code == 0 || !strings.Contains(o.Stderr, text) {
		n.Fatalf("virtctl %s: exit code %d, stdout %q, stderr %q; want a refusal with %q",
			strings.Join(args, " "), o.Code, o.Stdout, o.Stderr, text)
	}
}

func (n *Namespace) must(o Outcome, program string, args []string) string {
	n.Helper()
	if o.Code != 0 {
		n.Fatalf("%s %s: exit code %d\n%s%s", program, strings.Join(args, " "), o.Code, o.Stdout, o.Stderr)
	}
	return o.Stdout
}
