// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newSetPasswordCommand(client *client) *cobra.Command {
	var choice secretChoice
	var password, file string
	cmd := &cobra.Command{
		Use:   "set-password VM --user=USER (--password=PASSWORD|--password-file=FILE) [flags]",
		Short: "Set the password of a user",
		Long: "Set the password of a user in the Secret that the virtual machine uses for passwords. The guest takes it over while it\n" +
			"runs. A password on the command line can be seen by others on this machine and stays in the shell's history.",
		Example: `
# Set the password of the user admin of the virtual machine demo.
virtctl credentials set-password demo --user=admin --password-file=password.txt

# Type it, and end with Ctrl-D.
virtctl credentials set-password demo --user=admin --password-file=-`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseMachine(cmd, args)
			if err != nil {
				return err
			}
			if err := choice.check(); err != nil {
				return usageError(cmd, err)
			}
			if (password == "") == (file == "") {
				return usageError(cmd, errors.New("give the password with either --password or --password-file"))
			}
			if file != "" {
				if password, err = readFile(cmd.InOrStdin(), "password", file); err != nil {
					return err
				}
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			return c.setPassword(cmd, name, &choice, password)
		},
	}
	choice.addFlags(cmd)
	cmd.Flags().StringVarP(&password, "password", "p", "", "The password")
	cmd.Flags().StringVar(&file, "password-file", "", "File with the password; - is the standard input")
	return cmd
}

func (c *connection) setPassword(cmd *cobra.Command, name string, choice *secretChoice, password string) error {
	vm, err := c.machine(cmd.Context(), name)
	if err != nil {
		return err
	}
	secrets := passwordSecrets(vm)
	if len(secrets) == 0 {
		return fmt.Errorf("VM %s uses no Secret for passwords; add one to spec.template.spec.accessCredentials[].userPassword", name)
	}
	chosen, err := choice.choose(name, secrets)
	if err != nil {
		return err
	}
	secret, err := c.secret(cmd.Context(), chosen)
	if err != nil {
		return err
	}
	if err := choice.mayChange(secret, vm); err != nil {
		return err
	}
	patch := map[string]any{"data": map[string][]byte{choice.user: []byte(password)}}
	if err := c.merge(cmd.Context(), patch, c.in(corePath, "secrets", chosen)...); err != nil {
		return err
	}
	cmd.Printf("Successfully set password in secret %q\n", chosen)
	return nil
}

// passwordSecrets returns the Secrets with passwords that the guest agent sets.
func passwordSecrets(vm *v1.VirtualMachine) []string {
	var names []string
	for _, c := range vm.Spec.Template.Spec.AccessCredentials {
		u := c.UserPassword
		if u != nil && u.Source.Secret != nil && u.Source.Secret.SecretName != "" && u.PropagationMethod.QemuGuestAgent != nil {
			names = append(names, u.Source.Secret.SecretName)
		}
	}
	return names
}
