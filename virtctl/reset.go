// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"
)

func newResetCommand(client *client) *cobra.Command {
	return &cobra.Command{
		Use:   "reset VMI",
		Short: "Press the reset button of a guest",
		Long: "Press the reset button of a guest, without a word to its operating system: data that is not written yet is lost.\n" +
			"The instance and its launcher pod stay.",
		Example: `
# Reset the guest of the virtual machine demo, which hangs.
virtctl reset demo`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tellGuest(cmd, args, client, "reset", "reset", struct{}{})
		},
	}
}
