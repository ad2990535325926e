// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newStopCommand(client *client) *cobra.Command {
	var grace gracePeriod
	var dry dryRun
	var wait waiting
	cmd := &cobra.Command{
		Use:   "stop VM [flags]",
		Short: "Stop a virtual machine",
		Long: "Stop a virtual machine: its guest is asked to shut down, and powered off when the grace period is over. One with\n" +
			"run strategy Always becomes Halted; one with Manual or RerunOnFailure keeps its strategy.",
		Example: `
# Stop the virtual machine demo.
virtctl stop demo

# Power it off at once.
virtctl stop demo --force --grace-period=0

# Wait until it has stopped.
virtctl stop demo --wait`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseMachine(cmd, args)
			if err != nil {
				return err
			}
			options := &v1.StopOptions{DryRun: dry.option()}
			if options.GracePeriod, err = grace.option(cmd); err != nil {
				return usageError(cmd, err)
			}
			if err := wait.check(cmd, dry); err != nil {
				return usageError(cmd, err)
			}
			if err := client.put(cmd.Context(), target{machines, name}, "stop", options); err != nil {
				return err
			}
			dry.report(cmd, "VM %s was scheduled to stop", name)
			return wait.untilStopped(cmd, client, name)
		},
	}
	grace.addFlags(cmd)
	wait.addFlags(cmd, "the guest has ended")
	dry.addFlag(cmd)
	return cmd
}

// gracePeriod is the pair of flags that shorten a shutdown. Both are asked for, because the guest may lose data.
type gracePeriod struct {
	force   bool
	seconds int64
}

func (g *gracePeriod) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&g.force, "force", false, "Allow the guest less time than its terminationGracePeriodSeconds; it may lose data")
	cmd.Flags().Int64Var(&g.seconds, "grace-period", -1, "Seconds that the guest has for its shutdown, 0 to power it off; only with --force")
}

// option returns the seconds asked for, or nil.
func (g *gracePeriod) option(cmd *cobra.Command) (*int64, error) {
	switch given := cmd.Flags().Changed("grace-period"); {
	case given != g.force:
		return nil, errors.New("--force and --grace-period go together: give both or none")
	case !given:
		return nil, nil
	case g.seconds < 0:
		return nil, fmt.Errorf("--grace-period=%d: it cannot be negative", g.seconds)
	}
	return &g.seconds, nil
}
