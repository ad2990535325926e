// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/hack/cluster/build"
	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

func toolsCommand(s *settings.Settings) *cobra.Command {
	cmd := &cobra.Command{
		Use: "tools", Short: "Build Kubernetes and what it runs on, where the cache lacks it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := complete(s); err != nil {
				return err
			}
			tools, err := build.Tools(s)
			if err != nil {
				return err
			}
			return buildTools(cmd.Context(), s, progress.New(os.Stdout), tools)
		},
	}
	s.AddFlags(cmd.Flags())
	return cmd
}

// buildTools builds what is missing and links the cluster's kubectl into bin/.
func buildTools(ctx context.Context, s *settings.Settings, report *progress.Reporter, tools []build.Tool) error {
	for _, tool := range tools {
		if tool.Built(s) {
			continue
		}
		if err := report.Step("build "+tool.Name+" "+tool.Version, func() error { return tool.Build(ctx, s) }); err != nil {
			return err
		}
	}
	return build.LinkKubectl(s)
}
