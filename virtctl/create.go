// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"
)

func newCreateCommand(client *client) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Write a manifest for kubectl create",
		Long:  "Write the manifest of an object, as YAML, for kubectl create. The cluster is not asked and not changed.",
		Example: `
# Create a virtual machine from an image.
virtctl create vm --name=demo --volume-containerdisk=src:registry.example.com/debian:13 | kubectl create -f -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCreateVMCommand(client), newCreateInstancetypeCommand(client), newCreatePreferenceCommand(client), newCreateCloneCommand(client))
	return cmd
}
