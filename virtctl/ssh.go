// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"

	"github.com/spf13/cobra"
)

func newSSHCommand(client *client) *cobra.Command {
	var command string
	f := &sshFlags{}
	cmd := &cobra.Command{
		Use:   "ssh [USER@]TYPE/NAME[/NAMESPACE] [flags] [-- COMMAND...]",
		Short: "Log in to a guest by SSH",
		Long: "Log in to a guest by SSH, with the OpenSSH client of this machine and through the cluster's API server. TYPE is\n" +
			"vm or vmi. The guest is called TYPE.NAME.NAMESPACE in OpenSSH's files. The exit code is that of the command in\n" +
			"the guest, or 255 if there was no connection.",
		Example: `
# Log in to the virtual machine demo as root.
virtctl ssh root@vm/demo

# With a certain key, to a machine in another namespace.
virtctl ssh --identity-file=$HOME/.ssh/lab debian@vm/demo/lab

# Run a command.
virtctl ssh root@vm/demo -- uptime -p
virtctl ssh root@vm/demo --command='cat /etc/os-release'

# Give OpenSSH options of its own.
virtctl ssh root@vm/demo --local-ssh-opts="-o StrictHostKeyChecking=accept-new" --local-ssh-opts="-L 8080:localhost:80"`,
		Args:              atLeast(1),
		ValidArgsFunction: completePlace(client, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := parseLogin(args[0])
			if err != nil {
				return err
			}
			if err := f.settle(client, &l); err != nil {
				return err
			}
			words := args[1:]
			switch {
			case command != "" && len(words) > 0:
				return usageError(cmd, errors.New("a command is given twice: by --command and behind the name"))
			case command != "":
				words = []string{command}
			case len(words) > 0 && cmd.ArgsLenAtDash() != 1:
				return usageError(cmd, errors.New("write -- before the command for the guest"))
			}
			// What follows cannot be an option any more, whatever it looks like.
			return f.runSSH(cmd, "ssh", "-p", l, append([]string{"--", l.destination()}, words...)...)
		},
	}
	f.addFlags(cmd)
	cmd.Flags().StringVarP(&command, "command", "c", "", "Command to run in the guest, instead of a shell")
	return cmd
}
