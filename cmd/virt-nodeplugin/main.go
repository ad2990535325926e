// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command virt-nodeplugin serves the virtual machines of one node.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/virtplane/virtplane/nodeplugin"
)

func main() {
	options := nodeplugin.NewOptions()
	options.AddFlags(pflag.CommandLine)
	pflag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(nodeplugin.Main(ctx, options))
}
