// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command virtctl starts, stops and attaches to virtual machines. Installed as kubectl-virt it is a plugin of kubectl.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/virtplane/virtplane/virtctl"
)

func main() {
	// Also hang-ups: a console that loses its window has to end.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(virtctl.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
