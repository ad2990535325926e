// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/retry"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newRemoveSSHKeyCommand(client *client) *cobra.Command {
	var choice secretChoice
	var key sshKey
	cmd := &cobra.Command{
		Use:   "remove-ssh-key VM --user=USER (--file=FILE|--value=KEY) [flags]",
		Short: "Take away a key that a user logs in with",
		Long: "Take a key that a user of a virtual machine logs in with out of the Secrets that the virtual machine uses. The guest\n" +
			"takes that over while it runs.",
		Example: `
# The key of a laptop that was lost.
virtctl credentials remove-ssh-key demo --user=admin --file=laptop.pub`,
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
			text, err := key.read(cmd)
			if err != nil {
				return err
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			vm, err := c.machine(cmd.Context(), name)
			if err != nil {
				return err
			}
			secrets := sshSecrets(vm, choice.user)
			switch {
			case len(secrets) == 0:
				cmd.Printf("No secrets associated with user %s\n", choice.user)
				return nil
			case choice.secret != "" && !slices.Contains(secrets, choice.secret):
				_, err := choice.choose(name, secrets)
				return err
			case choice.secret != "":
				secrets = []string{choice.secret}
			}
			return c.removeKeys(cmd, vm, &choice, secrets, text)
		},
	}
	choice.addFlags(cmd)
	key.addFlags(cmd)
	return cmd
}

// removeKeys takes a key out of Secrets and tells of each one that it was in.
func (c *connection) removeKeys(cmd *cobra.Command, vm *v1.VirtualMachine, choice *secretChoice, secrets []string, key string) error {
	found := false
	for _, name := range secrets {
		removed, err := c.removeKey(cmd.Context(), vm, choice, name, key)
		if err != nil {
			return fmt.Errorf("remove key from Secret %s: %w", name, err)
		}
		if removed {
			found = true
			cmd.Printf("Successfully removed the key from secret %q\n", name)
		}
	}
	if !found {
		cmd.Printf("The key is in none of the secrets %s\n", join(secrets, "and"))
	}
	return nil
}

func (c *connection) removeKey(ctx context.Context, vm *v1.VirtualMachine, choice *secretChoice, name, key string) (removed bool, err error) {
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		secret, err := c.secret(ctx, name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		changes := map[string]any{}
		for entry, data := range secret.Data {
			if rest, found := withoutKey(string(data), key); found && rest == "" {
				changes[entry] = nil
			} else if found {
				changes[entry] = []byte(rest)
			}
		}
		if removed = len(changes) > 0; !removed {
			return nil
		}
		if err := choice.mayChange(secret, vm); err != nil {
			return err
		}
		// The version makes the server refuse the change when somebody else was faster.
		patch := map[string]any{"metadata": map[string]any{"resourceVersion": secret.ResourceVersion}, "data": changes}
		return c.merge(ctx, patch, c.in(corePath, "secrets", name)...)
	})
	return removed, err
}

// withoutKey returns the lines of text that are not key, and whether one was.
func withoutKey(text, key string) (rest string, found bool) {
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		switch {
		case isKey(line, key):
			found = true
		case strings.TrimSpace(line) != "":
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n"), found
}
