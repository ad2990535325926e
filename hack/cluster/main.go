// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command cluster runs a Kubernetes cluster with virtplane on this machine, for development and tests: control plane
// and nodes from source, each in Linux namespaces of its own.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/hack/cluster/machine"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	s := &settings.Settings{}
	root := &cobra.Command{
		Use:   "cluster",
		Short: "Run a local Kubernetes cluster with virtplane",
		// main prints errors; a failed step needs no list of flags.
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	s.AddPathFlags(root.PersistentFlags())
	root.AddCommand(
		upCommand(s), downCommand(s), statusCommand(s), packagesCommand(),
		toolsCommand(s), buildCommand(s), imagesCommand(s), loadCommand(s), installCommand(s), demoCommand(s), execCommand(s),
		hidden(machine.SupervisorCommand, func([]string) error { return machine.Supervise() }),
		hidden(machine.NodeCommand, func([]string) error { return machine.RunNode() }),
		hidden(machine.ShimCommand, func(args []string) error { return machine.Shim(args[0], args[1:]) }),
	)
	return root
}

// hidden is a command that this program runs itself as.
func hidden(name string, run func(args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return run(args) },
	}
}
