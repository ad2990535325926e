// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/virtctl/web"
)

func newUICommand(client *client) *cobra.Command {
	o := &browserOptions{}
	var everywhere bool
	cmd := &cobra.Command{
		Use:   "ui [flags]",
		Short: "Show virtual machines in a browser",
		Long: "Show the virtual machines that you may see in a browser: their state as it changes, what is on their screens, their\n" +
			"events, buttons to start, stop, restart and pause them, and their consoles.\n\n" +
			"The page is served by this command, for this user of this machine alone, until Ctrl-C. What it does in the cluster\n" +
			"it does with the rights of the kubeconfig.",
		Example: `
# Show the virtual machines of the current namespace.
virtctl ui

# Show those of all namespaces.
virtctl ui --all-namespaces

# On a machine reached by ssh: print the link, and forward the port (ssh -L 8080:127.0.0.1:8080 HOST).
virtctl ui --no-open --port=8080`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.serve(cmd, client, web.Options{View: web.Machines, Everywhere: everywhere})
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "Begin with all namespaces")
	return cmd
}
