// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/hack/cluster/cluster"
	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

func downCommand(s *settings.Settings) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use: "down", Short: "Remove the cluster and everything that it made on this machine", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := s.Complete(); err != nil {
				return err
			}
			release, err := host.Lock()
			if err != nil {
				return err
			}
			defer release()
			report := progress.New(os.Stdout)
			return report.Step("remove the cluster", func() error {
				note, err := cluster.Stop(s, force)
				if note != "" {
					report.Note("%s", note)
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "remove a running cluster of another clone as well")
	return cmd
}
