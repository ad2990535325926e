// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newMigrateCommand(client *client) *cobra.Command {
	var dry dryRun
	var selector map[string]string
	cmd := &cobra.Command{
		Use:   "migrate VM [flags]",
		Short: "Move a running virtual machine to another node",
		Long: "Move a running virtual machine to another node while its guest runs. The scheduler chooses the node among those\n" +
			"that the virtual machine allows.",
		Example: `
# Move the virtual machine demo.
virtctl migrate demo

# Only to a node of the zone b.
virtctl migrate demo --addedNodeSelector=topology.kubernetes.io/zone=b`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseMachine(cmd, args)
			if err != nil {
				return err
			}
			options := &v1.MigrateOptions{DryRun: dry.option(), AddedNodeSelector: selector}
			if err := client.put(cmd.Context(), target{machines, name}, "migrate", options); err != nil {
				return err
			}
			dry.report(cmd, "VM %s was scheduled to migrate", name)
			return nil
		},
	}
	// The name is not in the style of the others, but known.
	cmd.Flags().StringToStringVar(&selector, "addedNodeSelector", nil,
		"Labels that the node has to carry, as KEY=VALUE,..., beside those that the virtual machine asks for")
	dry.addFlag(cmd)
	return cmd
}
