// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// maxKeyFile caps what is read as a key or a password, in bytes; the largest keys have less than a tenth.
	maxKeyFile = 64 << 10
	// credentialsPath is where access credentials are in a virtual machine.
	credentialsPath = "/spec/template/spec/accessCredentials"
)

func newCredentialsCommand(client *client) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "credentials",
		Short: "Change who may log in to a virtual machine",
		Long: "Change who may log in to a virtual machine. Keys and passwords are in Secrets that spec.template.spec.accessCredentials\n" +
			"of the virtual machine names; its guest agent sets them in the guest.",
		Example: `
# Let the user admin log in to the virtual machine demo by SSH.
virtctl credentials add-ssh-key demo --user=admin --file=$HOME/.ssh/id_ed25519.pub`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAddSSHKeyCommand(client), newRemoveSSHKeyCommand(client), newSetPasswordCommand(client))
	return cmd
}

// secretChoice is the flags that say whose Secret is changed.
type secretChoice struct {
	user, secret string
	force        bool
}

func (s *secretChoice) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&s.user, "user", "u", "", "User of the guest")
	cmd.Flags().StringVar(&s.secret, "secret", "", "Secret to change, where the virtual machine has several")
	cmd.Flags().BoolVar(&s.force, "force", false, "Change a Secret that does not belong to the virtual machine, which others may use too")
}

func (s *secretChoice) check() error {
	if s.user == "" {
		return errors.New("--user is missing: whose login is it?")
	}
	return nil
}

// choose returns the Secret that is meant among those of a virtual machine.
func (s *secretChoice) choose(vm string, secrets []string) (string, error) {
	switch {
	case s.secret != "" && !slices.Contains(secrets, s.secret):
		return "", fmt.Errorf("VM %s does not use the Secret %s for user %s; it uses %s", vm, s.secret, s.user, join(secrets, "and"))
	case s.secret != "":
		return s.secret, nil
	case len(secrets) > 1:
		return "", fmt.Errorf("VM %s uses several Secrets; choose one of %s with --secret", vm, join(secrets, "and"))
	}
	return secrets[0], nil
}

// secretData is as much of a Secret as credentials need.
type secretData struct {
	metav1.ObjectMeta `json:"metadata"`
	Data              map[string][]byte `json:"data,omitempty"`
}

func (c *connection) secret(ctx context.Context, name string) (*secretData, error) {
	secret := &secretData{}
	return secret, c.get(ctx, secret, c.in(corePath, "secrets", name)...)
}

// mayChange refuses a Secret that is not a virtual machine's own.
func (s *secretChoice) mayChange(secret *secretData, vm *v1.VirtualMachine) error {
	if s.force || slices.ContainsFunc(secret.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == vm.UID }) {
		return nil
	}
	return fmt.Errorf("the Secret %s does not belong to VM %s, so that others may use it too; --force changes it all the same",
		secret.Name, vm.Name)
}

func (c *connection) machine(ctx context.Context, name string) (*v1.VirtualMachine, error) {
	vm := &v1.VirtualMachine{}
	if err := c.get(ctx, vm, c.object(target{machines, name})...); err != nil {
		return nil, err
	}
	if vm.Spec.Template == nil {
		vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	}
	return vm, nil
}

// readFile returns the text in a file without the space around it; - is the standard input.
func readFile(in io.Reader, what, path string) (string, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read %s: %w", what, err)
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxKeyFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s from %s: %w", what, path, err)
	case len(content) > maxKeyFile:
		return "", fmt.Errorf("read %s from %s: it has more than %d bytes", what, path, maxKeyFile)
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return "", fmt.Errorf("read %s from %s: it is empty", what, path)
	}
	return text, nil
}
