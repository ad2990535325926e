// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"
)

func newUnfreezeCommand(client *client) *cobra.Command {
	return &cobra.Command{
		Use:   "unfreeze VMI",
		Short: "Let the file systems of a frozen guest go on",
		Example: `
# Let the guest demo write again.
virtctl unfreeze demo`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tellGuest(cmd, args, client, "unfreeze", "unfreeze", struct{}{})
		},
	}
}
