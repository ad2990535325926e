// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"slices"
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
		printCommands(cmd)
	}
	if flags := cmd.LocalNonPersistentFlags(); cmd.HasParent() && flags.HasAvailableFlags() {
		flags.SortFlags = cmd.Flags().SortFlags
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

// printCommands lists what is below cmd, group by group, and what belongs to none at the end.
func printCommands(cmd *cobra.Command) {
	rest := &cobra.Group{Title: "Other commands"}
	if len(cmd.Groups()) == 0 {
		rest.Title = "Commands"
	}
	for _, group := range append(slices.Clone(cmd.Groups()), rest) {
		fmt.Fprintf(cmd.OutOrStdout(), "\n%s:\n", group.Title)
		for _, c := range cmd.Commands() {
			if c.GroupID == group.ID && (c.IsAvailableCommand() || c.Name() == "help") {
				fmt.Fprintf(cmd.OutOrStdout(), "  %-*s %s\n", c.NamePadding(), c.Name(), c.Short)
			}
		}
	}
}
