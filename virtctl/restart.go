// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newRestartCommand(client *client) *cobra.Command {
	var grace gracePeriod
	var dry dryRun
	var wait waiting
	cmd := &cobra.Command{
		Use:   "restart VM [flags]",
		Short: "Restart a virtual machine",
		Long: "Restart a virtual machine: its instance is ended and a new one is made, which takes over every change of the\n" +
			"specification. A reboot inside the guest does not.",
		Example: `
# Restart the virtual machine demo.
virtctl restart demo

# Power it off instead of waiting for its shutdown.
virtctl restart demo --force --grace-period=0`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseMachine(cmd, args)
			if err != nil {
				return err
			}
			options := &v1.RestartOptions{DryRun: dry.option()}
			if options.GracePeriodSeconds, err = grace.option(cmd); err != nil {
				return usageError(cmd, err)
			}
			if seconds := options.GracePeriodSeconds; seconds != nil && *seconds != 0 {
				return usageError(cmd, errors.New("a forced restart powers the guest off: only --grace-period=0 is supported"))
			}
			if err := wait.check(cmd, dry); err != nil {
				return usageError(cmd, err)
			}
			former, err := wait.before(cmd.Context(), client, name)
			if err != nil {
				return err
			}
			if err := client.put(cmd.Context(), target{machines, name}, "restart", options); err != nil {
				return err
			}
			dry.report(cmd, "VM %s was scheduled to restart", name)
			return wait.untilRunning(cmd, client, name, former)
		},
	}
	grace.addFlags(cmd)
	wait.addFlags(cmd, "the guest runs")
	dry.addFlag(cmd)
	return cmd
}
