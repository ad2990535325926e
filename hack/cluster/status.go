// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/hack/cluster/cluster"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

func statusCommand(s *settings.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show the processes, nodes, pods and virtual machines of the running cluster", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.Complete(); err != nil {
				return err
			}
			return cluster.Status(cmd.Context(), s, os.Stdout)
		},
	}
}
