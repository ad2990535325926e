// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command start measures how fast virtual machines start and end, what they cost in memory and how
// many API writes they cause, each beside plain pods in the same run.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := options{}
	cmd := &cobra.Command{
		Use:          "start",
		Short:        "Measure start, end, memory and API writes of virtual machines in a running cluster",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE:         func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.kubeconfig, "kubeconfig", envOr("KUBECONFIG", ".cluster/kubeconfig"), "Cluster to measure.")
	f.IntVar(&o.sequential, "sequential", 20, "Instances and pods started one after another.")
	f.IntVar(&o.parallel, "parallel", 10, "Instances and pods started at once.")
	f.IntVar(&o.writes, "writes", 10, "Instances over whose lives the API writes are counted.")
	f.StringVar(&o.guest, "guest", "virtplane.io/guest-tiny:dev", "Image of the guest's containerDisk.")
	f.StringVar(&o.namespace, "namespace", "virtplane-bench", "Namespace that is made for the run and deleted after it.")
	f.DurationVar(&o.settle, "settle", defaultSettle, "Time from the start of guests to the reading of their memory.")
	if err := cmd.ExecuteContext(ctx); err != nil {
		os.Exit(1)
	}
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// fail adds what was being done to an error.
func fail(doing string, err error) error { return fmt.Errorf("%s: %w", doing, err) }
