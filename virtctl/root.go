// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"flag"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/virtctl/web"
)

// programName returns what the user typed to get here: kubectl hides its plugins' names behind its own.
func programName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".exe")
	plugin, isPlugin := strings.CutPrefix(name, "kubectl-")
	if !isPlugin {
		return name
	}
	return "kubectl " + strings.ReplaceAll(plugin, "_", "-")
}

// newCommand returns the whole command tree, for a user who calls it program.
func newCommand(program string) (*cobra.Command, *client) {
	root := &cobra.Command{
		Use:   "virtctl",
		Short: "Run and reach virtual machines on Kubernetes",
		Long: "Run and reach virtual machines on Kubernetes.\n\n" +
			"Virtual machines are created, listed and deleted with kubectl, like everything else; here are the verbs\n" +
			"that kubectl has no word for.",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: program},
		// Errors are printed once, by Run; a mistyped name needs no page of usage.
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	client := newClient()
	client.addFlags(root.PersistentFlags())
	verbosity := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(verbosity)
	root.PersistentFlags().AddGoFlag(verbosity.Lookup("v"))

	addGroup(root, "Run",
		newStartCommand(client),
		newStopCommand(client),
		newRestartCommand(client),
		newPauseCommand(client),
		newUnpauseCommand(client),
		newSoftRebootCommand(client),
		newResetCommand(client),
		newMigrateCommand(client),
		newMigrateCancelCommand(client),
		newEvacuateCancelCommand(client),
	)
	addGroup(root, "Reach",
		withBrowser(newConsoleCommand(client), client, web.Console),
		withBrowser(newVNCCommand(client), client, web.VNC),
		newUICommand(client),
		newRDPCommand(client),
		newSSHCommand(client),
		newSCPCommand(client),
		newPortForwardCommand(client),
		newExposeCommand(client),
	)
	addGroup(root, "Look inside",
		newGuestOSInfoCommand(client),
		newUserListCommand(client),
		newFSListCommand(client),
		newObjectGraphCommand(client),
		newVirshCommand(client),
	)
	addGroup(root, "Disks, memory and logins",
		newFreezeCommand(client),
		newUnfreezeCommand(client),
		newAddVolumeCommand(client),
		newRemoveVolumeCommand(client),
		newMemoryDumpCommand(client),
		newCredentialsCommand(client),
	)
	addGroup(root, "Manifests and settings",
		newCreateCommand(client),
		newExpandCommand(client),
		newPermittedDevicesCommand(client),
		newAdmCommand(client),
	)
	root.AddCommand(
		newVersionCommand(client),
		newCompletionCommand(),
		newOptionsCommand(),
	)
	root.SetUsageFunc(printUsage)
	finish(root, program)
	completeFlags(root, client)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError(cmd, err) })
	return root, client
}

// addGroup adds commands that stand together in the help.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, cmd := range commands {
		cmd.GroupID = title
	}
	root.AddCommand(commands...)
}

// finish gives every command below cmd what all of them have.
func finish(cmd *cobra.Command, program string) {
	for _, sub := range cmd.Commands() {
		if sub.HasExample() {
			sub.Example = examples(program, sub.Example)
		}
		sub.DisableFlagsInUseLine = true
		finish(sub, program)
	}
}

// examples indents text and puts the program's name in the place of virtctl.
func examples(program, text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "virtctl ", program+" ")
	return strings.ReplaceAll("  "+strings.ReplaceAll(text, "\n", "\n  "), "\n  \n", "\n\n")
}

// newOptionsCommand shows the flags of every command, which would drown a command's own on its help page.
func newOptionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "options",
		Short: "List the flags that every command takes",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.Println("The following flags can be passed to any command:")
			cmd.Println()
			cmd.Println(strings.TrimRight(cmd.InheritedFlags().FlagUsages(), "\n"))
			return nil
		},
	}
	return cmd
}
