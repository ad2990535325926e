// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// sshKey is the flags that say which public key is meant.
type sshKey struct{ file, value string }

func (k *sshKey) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&k.file, "file", "f", "", "File with the public key; - is the standard input")
	cmd.Flags().StringVar(&k.value, "value", "", "The public key itself")
}

// read returns the key: type, key and, perhaps, comment.
func (k *sshKey) read(cmd *cobra.Command) (string, error) {
	key := strings.TrimSpace(k.value)
	switch {
	case (k.file == "") == (k.value == ""):
		return "", usageError(cmd, errors.New("give the public key with either --file or --value"))
	case k.file != "":
		var err error
		if key, err = readFile(cmd.InOrStdin(), "public key", k.file); err != nil {
			return "", err
		}
	}
	switch {
	case strings.Contains(key, "PRIVATE KEY"):
		return "", errors.New("that is a private key, which stays secret; the public one is in the file that ends in .pub")
	case strings.ContainsAny(key, "\n\r"):
		return "", errors.New("the public key has several lines; give one key at a time")
	case len(strings.Fields(key)) < 2 || blob(key) == "":
		return "", fmt.Errorf("%q is not a public key; one looks like: ssh-ed25519 AAAA... comment", key)
	}
	return key, nil
}

// sshSecrets returns the Secrets with the keys of a user that the guest agent sets.
func sshSecrets(vm *v1.VirtualMachine, user string) []string {
	var names []string
	for _, c := range vm.Spec.Template.Spec.AccessCredentials {
		if c.SSHPublicKey == nil || c.SSHPublicKey.Source.Secret == nil {
			continue
		}
		agent, name := c.SSHPublicKey.PropagationMethod.QemuGuestAgent, c.SSHPublicKey.Source.Secret.SecretName
		if agent != nil && name != "" && slices.Contains(agent.Users, user) {
			names = append(names, name)
		}
	}
	return names
}

// isKey tells that a line holds key: the options before and the comment behind the same key may differ.
func isKey(line, key string) bool { return blob(line) != "" && blob(line) == blob(key) }

// blob returns the key itself, which begins with the length of its type's name: three bytes of zero.
func blob(line string) string {
	for _, field := range strings.Fields(line) {
		if strings.HasPrefix(field, "AAAA") {
			return field
		}
	}
	return ""
}
