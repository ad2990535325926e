// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// printUsage prints how cmd is called. It is written out because a template would link every method of every type into
// the binary, which makes it half as large again.
func printUsage(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	commands := cmd.HasAvailableSubCommands()
	line := cmd.UseLine()
	// A command with arguments of its own can have further ones below it.
	if commands && !strings.Contains(cmd.Use, " ") {
		line = cmd.CommandPath() + " COMMAND [flags]"
	}
	fmt.Fprintf(out, "Usage:\n  %s\n", line)
	if cmd.HasExample() {
		fmt.Fprintf(out, "\nExamples:\n%s\n", cmd.Example)
	}
	if commands {
		fmt.Fprint(out, "\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() || c.Name() == "help" {
				fmt.Fprintf(out, "  %-*s %s\n", c.NamePadding(), c.Name(), c.Short)
			}
		}
	}
	if flags := cmd.LocalNonPersistentFlags(); cmd.HasParent() && flags.HasAvailableFlags() {
		fmt.Fprintf(out, "\nFlags:\n%s\n", strings.TrimRight(flags.FlagUsages(), "\n"))
	}
	fmt.Fprintln(out)
	if commands {
		fmt.Fprintf(out, "Use %q for more about a command.\n", cmd.CommandPath()+" COMMAND --help")
	}
	fmt.Fprintf(out, "Use %q for the flags that every command takes (--namespace, --context, ...).\n",
		cmd.Root().CommandPath()+" options")
	return nil
}
