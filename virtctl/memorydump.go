// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newMemoryDumpCommand(client *client) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "memory-dump",
		Short: "Write the memory of a guest to a claim",
		Example: `
# Write the memory of the virtual machine demo to a new claim.
virtctl memory-dump get demo --claim-name=demo-memory --create-claim`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMemoryDumpGetCommand(client), newMemoryDumpRemoveCommand(client))
	return cmd
}

func newMemoryDumpGetCommand(client *client) *cobra.Command {
	var claim dumpClaim
	cmd := &cobra.Command{
		Use:   "get VM [flags]",
		Short: "Write the memory of a running guest to a claim",
		Long: "Write the memory of a running guest to a claim, for the tools that look into crashed systems. The claim stays that\n" +
			"of the virtual machine's dumps until memory-dump remove; until then it need not be named again.",
		Example: `
# Write the memory of the virtual machine demo to the claim demo-memory.
virtctl memory-dump get demo --claim-name=demo-memory

# Make the claim first, large enough for the guest's memory.
virtctl memory-dump get demo --claim-name=demo-memory --create-claim

# Once more, to the same claim.
virtctl memory-dump get demo`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseMachine(cmd, args)
			if err != nil {
				return err
			}
			if err := claim.check(); err != nil {
				return usageError(cmd, err)
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			if claim.create {
				if err := c.createDumpClaim(cmd.Context(), name, &claim); err != nil {
					return err
				}
				cmd.Printf("PVC %s/%s created\n", c.namespace, claim.name)
			}
			request := &v1.VirtualMachineMemoryDumpRequest{ClaimName: claim.name}
			if err := c.put(cmd.Context(), request, nil, c.subresource(target{machines, name}, "memorydump")...); err != nil {
				if claim.create {
					c.takeBack(cmd, &claim)
				}
				return err
			}
			cmd.Printf("Successfully submitted memory dump request of VM %s\n", name)
			return nil
		},
	}
	claim.addFlags(cmd)
	completeObjects(cmd, client, "claim-name", corePath, "persistentvolumeclaims")
	completeValues(cmd, "access-mode", "ReadWriteOnce", "ReadWriteMany")
	return cmd
}

func newMemoryDumpRemoveCommand(client *client) *cobra.Command {
	return &cobra.Command{
		Use:   "remove VM",
		Short: "Give the claim with the dumps of a virtual machine free",
		Long:  "Give the claim with the dumps of a virtual machine free. The claim and the last dump in it stay.",
		Example: `
# Let the next dump of the virtual machine demo go to another claim.
virtctl memory-dump remove demo`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseMachine(cmd, args)
			if err != nil {
				return err
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			if err := c.put(cmd.Context(), struct{}{}, nil, c.subresource(target{machines, name}, "removememorydump")...); err != nil {
				return err
			}
			cmd.Printf("Successfully submitted remove memory dump association of VM %s\n", name)
			return nil
		},
	}
}
