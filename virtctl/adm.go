// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"
)

func newAdmCommand(client *client) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adm",
		Short: "Look at and change the settings of the installation",
		Example: `
# Have virt-controller log more.
virtctl adm log-verbosity --virt-controller=5`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLogVerbosityCommand(client))
	return cmd
}
