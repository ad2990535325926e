// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// kubectlCompletion is what kubectl runs to complete "kubectl virt": a program of this name in PATH, with what was typed
// so far.
const kubectlCompletion = `#!/bin/sh
exec kubectl-virt __complete "$@"
`

// completionScripts are the shells that can be completed in, and what makes a script for each.
var completionScripts = map[string]func(root *cobra.Command, out io.Writer) error{
	"bash":       func(root *cobra.Command, out io.Writer) error { return root.GenBashCompletionV2(out, true) },
	"zsh":        func(root *cobra.Command, out io.Writer) error { return root.GenZshCompletion(out) },
	"fish":       func(root *cobra.Command, out io.Writer) error { return root.GenFishCompletion(out, true) },
	"powershell": func(root *cobra.Command, out io.Writer) error { return root.GenPowerShellCompletionWithDesc(out) },
	"kubectl": func(_ *cobra.Command, out io.Writer) error {
		_, err := io.WriteString(out, kubectlCompletion)
		return err
	},
}

func newCompletionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion (bash|zsh|fish|powershell|kubectl)",
		Short: "Print a script that completes commands in a shell",
		Long: "Print a script that completes commands, flags and the names of machines in a shell. The one for kubectl\n" +
			"completes \"kubectl virt\", in every shell in which kubectl itself completes; it has to be in PATH as\n" +
			"kubectl_complete-virt, and this program as kubectl-virt.",
		Example: `
# Bash, for all sessions to come; needs the package bash-completion.
virtctl completion bash > /etc/bash_completion.d/virtctl

# Zsh, in a directory of $fpath.
virtctl completion zsh > "${fpath[1]}/_virtctl"

# Fish.
virtctl completion fish > ~/.config/fish/completions/virtctl.fish

# PowerShell, for this session.
virtctl completion powershell | Out-String | Invoke-Expression

# kubectl virt.
virtctl completion kubectl > /usr/local/bin/kubectl_complete-virt
chmod +x /usr/local/bin/kubectl_complete-virt`,
		Args:              exactArgs(1),
		ValidArgsFunction: cobra.FixedCompletions([]cobra.Completion{"bash", "zsh", "fish", "powershell", "kubectl"}, noFiles),
		RunE: func(cmd *cobra.Command, args []string) error {
			script := completionScripts[args[0]]
			if script == nil {
				return usageError(cmd, fmt.Errorf("shell %q is not supported; use bash, zsh, fish, powershell or kubectl", args[0]))
			}
			return script(cmd.Root(), cmd.OutOrStdout())
		},
	}
}
