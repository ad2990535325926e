// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"
)

func newSoftRebootCommand(client *client) *cobra.Command {
	return &cobra.Command{
		Use:   "soft-reboot VMI",
		Short: "Reboot a guest in an orderly way",
		Long: "Ask a guest to reboot, by its guest agent or by ACPI, as the command reboot in it would. The instance stays: changes\n" +
			"of the specification wait for the command restart.",
		Example: `
# Reboot the guest of the virtual machine demo.
virtctl soft-reboot demo`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tellGuest(cmd, args, client, "soft-reboot", "softreboot", struct{}{})
		},
	}
}

// tellGuest performs verb on an instance; a virtual machine stands for its instance, which has its name.
func tellGuest(cmd *cobra.Command, args []string, client *client, command, verb string, options any) error {
	t, err := parseTarget(args, instances)
	if err != nil {
		return err
	}
	c, err := client.open()
	if err != nil {
		return err
	}
	if err := c.put(cmd.Context(), options, nil, c.subresource(target{instances, t.name}, verb)...); err != nil {
		return c.explainMissing(cmd.Context(), command, t.name, err)
	}
	cmd.Printf("VMI %s was scheduled to %s\n", t.name, command)
	return nil
}
