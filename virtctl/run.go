// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Codes with which this program ends, beside 0 for success. Commands that run another program, here or in a guest,
// end with its code.
const (
	// exitError is the code of a command that did not do what it was asked for.
	exitError = 1
	// exitInterrupted is the code that shells give to what SIGINT ended.
	exitInterrupted = 130
)

// Run executes the command line args, of which the first is the program's path, and returns the exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	if len(args) == 0 {
		args = []string{"virtctl"}
	}
	root, client := newCommand(programName(args[0]))
	root.SetArgs(args[1:])
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	client.warnings = errOut
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintln(errOut, explain(err))
	client.warnOfSkew(ctx, err)
	return exitError
}

// stdinFile returns in where it is a file, which may be a terminal.
func stdinFile(in io.Reader) *os.File {
	f, _ := in.(*os.File)
	return f
}

// untilEnded returns err, or nil for the end of a command that runs until its user ends it.
func untilEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
