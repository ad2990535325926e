// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command virtctl starts, stops and attaches to virtual machines. Installed as kubectl-virt it is a plugin of kubectl.
package main

import (
	"context"
	"os"

	"github.com/virtplane/virtplane/virtctl"
)

func main() {
	ctx, stop := virtctl.WithSignals(context.Background())
	defer stop()
	os.Exit(virtctl.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
