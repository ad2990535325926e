// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command api measures what the API of virtual machines costs: the same objects through virt-apiserver,
// as a custom resource with the full schema, and as ConfigMaps, on one kube-apiserver in one run. It
// starts its own servers on the loopback address and removes them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/test/controlplane"
)

func main() {
	controlplane.RunChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := options{}
	quick := false
	cmd := &cobra.Command{
		Use:          "api",
		Short:        "Measure virt-apiserver beside a custom resource and ConfigMaps",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if quick {
				o.objects, o.rounds, o.requests, o.lists = 500, 1, 400, 5
			}
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.objects, "objects", 5000, "Objects of each kind.")
	f.IntVar(&o.namespaces, "namespaces", 10, "Namespaces over which they are spread.")
	f.IntVar(&o.rounds, "rounds", 3, "Times that all is measured.")
	f.IntVar(&o.requests, "requests", 2000, "GETs and patches per round.")
	f.IntVar(&o.lists, "lists", 15, "LISTs of each kind per round.")
	f.IntVar(&o.watchers, "watchers", 100, "Watches that are open at once.")
	f.BoolVar(&quick, "quick", false, "Few objects and one round: shows that all works, not how fast it is.")
	f.StringArrayVar(&o.only, "only", nil, "Measure only the columns whose names contain this; may be repeated.")
	f.BoolVar(&o.masters, "masters", false, "Send the requests as a member of system:masters, whose rights virt-apiserver need not ask for.")
	f.StringVar(&o.repo, "repo", ".", "Root of the repository.")
	f.StringVar(&o.virtAPIServer, "virt-apiserver", "", "The virt-apiserver to measure; built from the repository when empty.")
	f.StringVar(&o.dir, "dir", "", "Existing directory under which etcd writes, to measure another disk; the temporary directory when empty.")
	f.StringVar(&o.profiles, "profiles", "", "Directory for CPU profiles of the servers, one for each step of the last round.")
	if err := cmd.ExecuteContext(ctx); err != nil {
		stop()
		os.Exit(1)
	}
}

// fail adds what was being done to an error.
func fail(doing string, err error) error { return fmt.Errorf("%s: %w", doing, err) }
