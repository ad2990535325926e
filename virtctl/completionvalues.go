// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"
)

// completeValues completes a flag of cmd that takes one of some values.
func completeValues(cmd *cobra.Command, flag string, values ...cobra.Completion) {
	register(cmd, flag, cobra.FixedCompletions(values, noFiles))
}

// completeObjects completes a flag of cmd that names an object of the current namespace: one of resource in the group at
// the path group.
func completeObjects(cmd *cobra.Command, client *client, flag, group, resource string) {
	register(cmd, flag, func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		_, namespace, err := client.config()
		if err != nil {
			return nil, noFiles
		}
		return client.listed(cmd.Context(), "", typed, group, "namespaces", namespace, resource), noFiles
	})
}

func register(cmd *cobra.Command, flag string, complete cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // the flag has another name now
	}
}
