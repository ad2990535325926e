// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newAddSSHKeyCommand(client *client) *cobra.Command {
	var choice secretChoice
	var key sshKey
	var create, update bool
	cmd := &cobra.Command{
		Use:   "add-ssh-key VM --user=USER (--file=FILE|--value=KEY) [flags]",
		Short: "Let a user log in by SSH with a key",
		Long: "Let a user of a virtual machine log in by SSH with a key. The key goes into the Secret that the virtual machine uses\n" +
			"for the user, which the guest takes over while it runs. Where there is none, a new one is made, which the guest\n" +
			"takes over with the next start.",
		Example: `
# Let the user admin log in to the virtual machine demo.
virtctl credentials add-ssh-key demo --user=admin --file=$HOME/.ssh/id_ed25519.pub

# Put the key into a new Secret although the virtual machine runs.
virtctl credentials add-ssh-key demo --user=admin --file=key.pub --create-secret --force`,
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
			if create && update {
				return usageError(cmd, errors.New("--create-secret and --update-secret exclude each other"))
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
			if create || len(secrets) == 0 && !update {
				return c.addKeySecret(cmd, vm, &choice, text)
			}
			return c.addKey(cmd, vm, &choice, secrets, text)
		},
	}
	choice.addFlags(cmd)
	key.addFlags(cmd)
	cmd.Flags().BoolVar(&create, "create-secret", false, "Put the key into a new Secret; with --force also while the virtual machine runs")
	cmd.Flags().BoolVar(&update, "update-secret", false, "Put the key into a Secret that the virtual machine uses already")
	return cmd
}

// addKey puts a key into a Secret that a virtual machine uses.
func (c *connection) addKey(cmd *cobra.Command, vm *v1.VirtualMachine, choice *secretChoice, secrets []string, key string) error {
	if len(secrets) == 0 {
		return fmt.Errorf("VM %s uses no Secret for user %s; leave out --update-secret to make one", vm.Name, choice.user)
	}
	name, err := choice.choose(vm.Name, secrets)
	if err != nil {
		return err
	}
	secret, err := c.secret(cmd.Context(), name)
	if err != nil {
		return err
	}
	for _, data := range secret.Data {
		for _, line := range strings.Split(string(data), "\n") {
			if isKey(line, key) {
				cmd.Printf("Secret %q already contains this SSH key.\n", name)
				return nil
			}
		}
	}
	if err := choice.mayChange(secret, vm); err != nil {
		return err
	}
	patch := map[string]any{"data": map[string][]byte{entryOf(key): []byte(key)}}
	if err := c.merge(cmd.Context(), patch, c.in(corePath, "secrets", name)...); err != nil {
		return err
	}
	cmd.Printf("Successfully added the key to secret %q\n", name)
	return nil
}

// entryOf returns the name of a key's entry in a Secret, the same for the same key.
func entryOf(key string) string {
	sum := sha256.Sum256([]byte(blob(key)))
	return "ssh-key-" + hex.EncodeToString(sum[:])[:8]
}

// addKeySecret makes a Secret with a key and has a virtual machine use it.
func (c *connection) addKeySecret(cmd *cobra.Command, vm *v1.VirtualMachine, choice *secretChoice, key string) error {
	ctx := cmd.Context()
	if !choice.force {
		err := c.get(ctx, nil, c.object(target{instances, vm.Name})...)
		if err == nil {
			return fmt.Errorf("VM %s is running, so that its guest takes a new Secret over with the next start alone; --force makes it all the same", vm.Name)
		}
		if !apierrors.IsNotFound(err) {
			return err
		}
	}
	secret := newKeySecret(vm, key)
	steps := addCredential(vm, secret.Name, choice.user)
	// The server may not know access credentials: no Secret is left behind then.
	if err := c.patch(ctx, steps, true, c.object(target{machines, vm.Name})...); err != nil {
		return err
	}
	if err := c.create(ctx, secret, c.in(corePath, "secrets")...); err != nil {
		return err
	}
	if err := c.patch(ctx, steps, false, c.object(target{machines, vm.Name})...); err != nil {
		undo := c.remove(context.WithoutCancel(ctx), metav1.DeleteOptions{}, c.in(corePath, "secrets", secret.Name)...)
		return errors.Join(err, undo)
	}
	cmd.Printf("Secret %q with the key was created; VM %s uses it from its next start on\n", secret.Name, vm.Name)
	return nil
}

func newKeySecret(vm *v1.VirtualMachine, key string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name: vm.Name + "-ssh-key-" + rand.String(5),
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1.SchemeGroupVersion.String(), Kind: "VirtualMachine", Name: vm.Name, UID: vm.UID, Controller: ptr.To(true),
			}},
		},
		Data: map[string][]byte{entryOf(key): []byte(key)},
	}
}

// addCredential returns the change by which a virtual machine uses a Secret. It fails when somebody else has changed the
// credentials since they were read.
func addCredential(vm *v1.VirtualMachine, secret, user string) []step {
	credential := v1.AccessCredential{SSHPublicKey: &v1.SSHPublicKeyAccessCredential{
		Source: v1.SSHPublicKeyAccessCredentialSource{Secret: &v1.AccessCredentialSecretSource{SecretName: secret}},
		PropagationMethod: v1.SSHPublicKeyAccessCredentialPropagationMethod{
			QemuGuestAgent: &v1.QemuGuestAgentSSHPublicKeyAccessCredentialPropagation{Users: []string{user}},
		},
	}}
	have := vm.Spec.Template.Spec.AccessCredentials
	if len(have) == 0 {
		return []step{
			{"test", credentialsPath, nil},
			{"add", credentialsPath, []v1.AccessCredential{credential}},
		}
	}
	return []step{
		{"test", credentialsPath, have},
		{"add", credentialsPath + "/-", credential},
	}
}
