// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newStartCommand(client *client) *cobra.Command {
	var paused bool
	var dry dryRun
	var wait waiting
	cmd := &cobra.Command{
		Use:   "start VM [flags]",
		Short: "Start a virtual machine",
		Long: "Start a virtual machine. One with run strategy Halted becomes Always; one with Manual or RerunOnFailure keeps\n" +
			"its strategy.",
		Example: `
# Start the virtual machine demo.
virtctl start demo

# Start it with its CPUs stopped, for example to watch its console from the first instruction on.
virtctl start demo --paused
virtctl unpause vm demo

# Wait until it runs, at most a minute.
virtctl start demo --wait --timeout=1m`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseMachine(cmd, args)
			if err != nil {
				return err
			}
			options := &v1.StartOptions{Paused: paused, DryRun: dry.option()}
			if err := wait.check(cmd, dry); err != nil {
				return usageError(cmd, err)
			}
			former, err := wait.before(cmd.Context(), client, name)
			if err != nil {
				return err
			}
			if err := client.put(cmd.Context(), target{machines, name}, "start", options); err != nil {
				return err
			}
			dry.report(cmd, "VM %s was scheduled to start", name)
			return wait.untilRunning(cmd, client, name, former)
		},
	}
	cmd.Flags().BoolVar(&paused, "paused", false, "Start with the CPUs stopped")
	wait.addFlags(cmd, "the guest runs")
	dry.addFlag(cmd)
	return cmd
}
