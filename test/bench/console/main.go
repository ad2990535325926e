// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command console measures how fast people reach a guest in a running cluster: the first byte of its serial
// console, the console's throughput, and forwarded ports beside those of a plain pod in the same run.
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
		Use:          "console",
		Short:        "Measure consoles and forwarded ports of virtual machines in a running cluster",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE:         func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.kubeconfig, "kubeconfig", envOr("KUBECONFIG", ".cluster/kubeconfig"), "Cluster to measure.")
	f.StringVar(&o.programs, "programs", "bin", "Directory of virtctl and kubectl.")
	f.StringVar(&o.guest, "guest", "virtplane.io/guest-tiny:dev", "Image of the guest's containerDisk.")
	f.StringVar(&o.tools, "tools", "virtplane.io/tools:dev", "Image of the plain pod, with busybox.")
	f.StringVar(&o.namespace, "namespace", "virtplane-bench-console", "Namespace that is made for the run and deleted after it.")
	f.IntVar(&o.attaches, "attaches", 200, "Consoles opened one after another.")
	f.IntVar(&o.serialMB, "serial-mb", 8, "Output of the guest in MB.")
	f.IntVar(&o.forwardMB, "forward-mb", 64, "Bytes through a forwarded port in MB.")
	f.IntVar(&o.rounds, "rounds", 5, "How often each transfer is measured.")
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
