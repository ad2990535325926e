// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

const (
	// endTime is how long a program has to end when it is asked to, before it is killed.
	endTime = 5 * time.Second
	// maxSaid caps how much of what a program says is kept, in bytes.
	maxSaid = 2 << 10
)

// exitStatus is the end of a program that has told itself what went wrong; its code becomes this program's.
type exitStatus int

// Error is for whoever prints it anyway.
func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// command returns a program that is asked to end when ctx does.
func command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error {
		if cmd.Process.Signal(syscall.SIGTERM) == nil {
			return nil
		}
		// Windows knows no such request.
		return cmd.Process.Kill()
	}
	cmd.WaitDelay = endTime
	return cmd
}

// runAttached runs a program in the place of this one: with its terminal, and with its exit code as the result.
func runAttached(ctx context.Context, on *cobra.Command, path string, args ...string) error {
	cmd := command(ctx, path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = on.InOrStdin(), on.OutOrStdout(), on.ErrOrStderr()
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &exit):
		return err
	}
	if status, is := exit.Sys().(syscall.WaitStatus); is && status.Signaled() {
		// As shells report it.
		return exitStatus(128 + int(status.Signal()))
	}
	return exitStatus(exit.ExitCode())
}

// runQuietly runs a program and returns the end of what it said, which matters only if it failed.
func runQuietly(ctx context.Context, path string, args ...string) (said string, err error) {
	cmd := command(ctx, path, args...)
	// A file, unlike a pipe, does not hold up the end when the program leaves children behind.
	output, err := os.CreateTemp("", "virtctl-*.log")
	if err != nil {
		return "", err
	}
	defer os.Remove(output.Name())
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output
	err = cmd.Run()
	if err == nil {
		return "", nil
	}
	all, readErr := os.ReadFile(output.Name())
	if readErr != nil {
		return "", err
	}
	all = bytes.TrimSpace(all)
	return strings.Map(visible, strings.ToValidUTF8(string(all[max(0, len(all)-maxSaid):]), "?")), err
}

// visible replaces what a terminal would obey: a viewer may repeat the words of a guest.
func visible(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return '?'
	}
	return r
}
