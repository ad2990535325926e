// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package ssh makes the command lines with which OpenSSH's programs reach a guest through the cluster.
package ssh

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Options are the user's wishes that both ssh and scp take.
type Options struct {
	// IdentityFile is a private key, empty for OpenSSH's own choice.
	IdentityFile string
	// KnownHosts is the file that remembers the keys of guests, empty for OpenSSH's own.
	KnownHosts string
	// Port is the guest's.
	Port uint16
	// Extra are options for OpenSSH in its own words.
	Extra []string
}

// Args returns the options for a program whose flag for the port is portFlag. proxy is the command that connects its
// standard input and output with the guest.
func (o Options) Args(portFlag string, proxy []string, windows bool) ([]string, error) {
	// OpenSSH takes the first value of an option. Nothing may take the place of the proxy; the user's own options come
	// before the rest.
	args := []string{"-o", "ProxyCommand=" + proxyCommand(proxy, windows)}
	extra, err := o.extra()
	if err != nil {
		return nil, err
	}
	args = append(args, extra...)
	if o.KnownHosts != "" {
		file, err := optionValue("--known-hosts", o.KnownHosts)
		if err != nil {
			return nil, err
		}
		args = append(args, "-o", "UserKnownHostsFile="+file)
	}
	if o.IdentityFile != "" {
		args = append(args, "-i", o.IdentityFile)
	}
	return append(args, portFlag, fmt.Sprint(o.Port)), nil
}

// extra returns the user's options as words: "-o Name=value" may come as one or as two.
func (o Options) extra() ([]string, error) {
	var words []string
	wanted := false
	for _, option := range o.Extra {
		option = strings.TrimSpace(option)
		switch isOption := strings.HasPrefix(option, "-") && option != "-"; {
		case option == "":
			return nil, errors.New("--local-ssh-opts: an option is empty")
		case !isOption && !wanted:
			return nil, fmt.Errorf("--local-ssh-opts=%q: an option of ssh begins with a dash, as in \"-o StrictHostKeyChecking=no\"", option)
		case isOption && len(option) > 2 && unicode.IsSpace(rune(option[2])):
			words = append(words, option[:2], strings.TrimSpace(option[2:]))
			wanted = false
		default:
			words = append(words, option)
			// A letter alone may take its value from the next word.
			wanted = isOption && len(option) == 2
		}
	}
	return words, nil
}

// optionValue quotes the value of an option that OpenSSH splits into words and in which it replaces tokens.
func optionValue(flag, value string) (string, error) {
	if strings.ContainsAny(value, "\r\n\x00") || strings.Contains(value, "${") {
		return "", fmt.Errorf("%s=%q: the name of the file has characters in it that ssh does not take", flag, value)
	}
	return `"` + strings.NewReplacer(`%`, `%%`, `"`, `\"`, `\`, `\\`).Replace(value) + `"`, nil
}

// CheckUser refuses names of users that a shell or an option parser could take for something else.
func CheckUser(user string) error {
	switch {
	case user == "":
		return errors.New("the name of the user is empty")
	case strings.HasPrefix(user, "-"):
		return fmt.Errorf("the name of the user %q begins with a dash", user)
	case strings.HasSuffix(user, `\`):
		return fmt.Errorf("the name of the user %q ends with a backslash", user)
	}
	for _, r := range user {
		if strings.ContainsRune("'`\"$;&<>|(){}@:/", r) || unicode.IsControl(r) {
			return fmt.Errorf("the name of the user %q has %q in it", user, r)
		}
	}
	return nil
}
