// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newEvacuateCancelCommand(client *client) *cobra.Command {
	var dry dryRun
	cmd := &cobra.Command{
		Use:   "evacuate-cancel (vm|vmi) NAME [flags]",
		Short: "Withdraw the order to a guest to leave its node",
		Long: "Withdraw the order to a guest to leave its node, which an eviction of its launcher pod gave. While the node is\n" +
			"drained the order stays.",
		Example: `
# Let the virtual machine demo stay on its node.
virtctl evacuate-cancel vm demo

# An instance that belongs to no virtual machine.
virtctl evacuate-cancel vmi demo`,
		Args:              rangeArgs(1, 2),
		ValidArgsFunction: completeKindAndName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := parseTarget(args, instances)
			if err != nil {
				return err
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			// The server withdraws the order that is named: another one may have come since.
			vmi := &v1.VirtualMachineInstance{}
			if err := c.get(cmd.Context(), vmi, c.object(target{instances, t.name})...); err != nil {
				return c.explainMissing(cmd.Context(), "evacuate-cancel", t.name, err)
			}
			options := &v1.EvacuateCancelOptions{DryRun: dry.option(), EvacuationNodeName: vmi.Status.EvacuationNodeName}
			if err := c.put(cmd.Context(), options, nil, c.subresource(t, "evacuate/cancel")...); err != nil {
				return err
			}
			dry.report(cmd, "Evacuation of %s %s was canceled", t.kind(), t.name)
			return nil
		},
	}
	dry.addFlag(cmd)
	return cmd
}
