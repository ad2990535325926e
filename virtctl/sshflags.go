// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/virtctl/ssh"
)

// sshFlags are what ssh and scp have in common.
type sshFlags struct {
	user string
	ssh.Options
}

func (f *sshFlags) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.user, "username", "l", "", "User to log in as; without it, what OpenSSH is configured to")
	flags.StringVarP(&f.IdentityFile, "identity-file", "i", "", "Private key to log in with; without it, what OpenSSH is configured to")
	flags.Uint16VarP(&f.Port, "port", "p", 22, "Port of the guest")
	flags.StringVar(&f.KnownHosts, "known-hosts", defaultKnownHosts(), "File with the keys of the guests that are known")
	flags.StringArrayVarP(&f.Extra, "local-ssh-opts", "t", nil, `Further option for the local program, such as "-o StrictHostKeyChecking=no"; may be repeated`)
}

// defaultKnownHosts is not OpenSSH's: guests come and go under the same names, also with other clusters.
func defaultKnownHosts() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".ssh", "kubevirt_known_hosts")
}

// login is a user of a guest.
type login struct {
	place
	// user is empty for the one that OpenSSH is configured to.
	user string
}

// parseLogin reads [USER@]TYPE/NAME[/NAMESPACE].
func parseLogin(text string) (login, error) {
	var l login
	if user, rest, found := strings.Cut(text, "@"); found {
		if err := ssh.CheckUser(user); err != nil {
			return login{}, fmt.Errorf("%q: %w", text, err)
		}
		l.user, text = user, rest
	}
	var err error
	l.place, err = parsePlace(text)
	return l, err
}

// settle fills in what the flags and the kubeconfig say.
func (f *sshFlags) settle(client *client, l *login) error {
	if f.Port == 0 {
		return errors.New("--port=0: a guest has no port 0")
	}
	if l.user == "" && f.user != "" {
		if err := ssh.CheckUser(f.user); err != nil {
			return fmt.Errorf("--username: %w", err)
		}
		l.user = f.user
	}
	if l.namespace == "" {
		_, namespace, err := client.config()
		if err != nil {
			return err
		}
		// It becomes a part of command lines, and a kubeconfig may say anything.
		if problems := validation.IsDNS1123Label(namespace); len(problems) > 0 {
			return fmt.Errorf("%q is not a valid namespace: %s", namespace, strings.Join(problems, ", "))
		}
		if _, may := l.dotted(); !may {
			l.namespace = namespace
		}
	}
	return nil
}

// destination is how OpenSSH calls the guest, also in the file of known hosts.
func (l login) destination() string {
	host := l.short() + "." + l.name
	if l.namespace != "" {
		host += "." + l.namespace
	}
	if l.user != "" {
		return l.user + "@" + host
	}
	return host
}

// runSSH runs one of OpenSSH's programs, with this one as its way to the guest.
func (f *sshFlags) runSSH(cmd *cobra.Command, program, portFlag string, l login, args ...string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("%s is not installed on this machine; install OpenSSH's client", program)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	proxy := append([]string{self}, connectionFlags(cmd)...)
	proxy = append(proxy, "port-forward", "--stdio=true", l.place.String(), fmt.Sprint(f.Port))
	options, err := f.Args(portFlag, proxy, runtime.GOOS == "windows")
	if err != nil {
		return err
	}
	options = append(options, args...)
	klog.FromContext(cmd.Context()).V(3).Info("Running", "program", path, "args", options)
	return runAttached(cmd.Context(), cmd, path, options...)
}

// connectionFlags are the flags that say which cluster is meant, for another run of this program.
func connectionFlags(cmd *cobra.Command) []string {
	var flags []string
	cmd.InheritedFlags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Changed {
			return
		}
		values := []string{flag.Value.String()}
		if list, is := flag.Value.(pflag.SliceValue); is {
			values = list.GetSlice()
		}
		for _, value := range values {
			flags = append(flags, "--"+flag.Name+"="+value)
		}
	})
	return flags
}
