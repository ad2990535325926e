// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newUnpauseCommand(client *client) *cobra.Command {
	var dry dryRun
	cmd := &cobra.Command{
		Use:   "unpause (vm|vmi) NAME [flags]",
		Short: "Let the CPUs of a paused guest go on",
		Example: `
# Let the virtual machine demo go on.
virtctl unpause vm demo`,
		Args:              rangeArgs(1, 2),
		ValidArgsFunction: completeKindAndName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			return onInstance(cmd, args, client, "unpause", &v1.UnpauseOptions{DryRun: dry.option()}, dry)
		},
	}
	dry.addFlag(cmd)
	return cmd
}
