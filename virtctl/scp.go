// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func newSCPCommand(client *client) *cobra.Command {
	var recursive, preserve bool
	f := &sshFlags{}
	cmd := &cobra.Command{
		Use:   "scp SOURCE... TARGET [flags]",
		Short: "Copy files to or from a guest",
		Long: "Copy files to or from a guest by SSH, with the OpenSSH client of this machine and through the cluster's API\n" +
			"server. Files of the guest are [USER@]TYPE/NAME[/NAMESPACE]:PATH, where TYPE is vm or vmi; PATH is relative to\n" +
			"the user's home and may be empty. A local file with a colon in its name is written as ./FILE.",
		Example: `
# Copy a file to the home of root in the virtual machine demo.
virtctl scp notes.txt root@vm/demo:

# Copy a directory into the guest.
virtctl scp --recursive site/ root@vm/demo:/var/www

# Copy from the guest, in another namespace.
virtctl scp debian@vm/demo/lab:/var/log/syslog .`,
		Args:              atLeast(2),
		ValidArgsFunction: completeFileOrPlace(client),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, words, err := parseCopy(args)
			if err != nil {
				return usageError(cmd, err)
			}
			if err := f.settle(client, &l); err != nil {
				return err
			}
			options := []string{}
			if recursive {
				options = append(options, "-r")
			}
			if preserve {
				options = append(options, "-p")
			}
			options = append(options, "--")
			for _, word := range words {
				options = append(options, word(l))
			}
			return f.runSSH(cmd, "scp", "-P", l, options...)
		},
	}
	f.addFlags(cmd)
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "Copy directories with all that is in them")
	cmd.Flags().BoolVar(&preserve, "preserve", false, "Keep times and modes of the files")
	return cmd
}

// parseCopy reads the sources and the target of a copy. All of one side are of one guest; the words for scp are made
// when it is known who logs in where.
func parseCopy(args []string) (login, []func(login) string, error) {
	var guest *login
	var words []func(login) string
	remotes := make([]bool, len(args))
	for i, arg := range args {
		text, path, remote := cutRemote(arg)
		if !remote {
			words = append(words, func(login) string { return localFile(arg) })
			continue
		}
		l, err := parseLogin(text)
		if err != nil {
			return login{}, nil, fmt.Errorf("%q: %w (a local file with a colon in its name is written as ./FILE)", arg, err)
		}
		if guest != nil && *guest != l {
			return login{}, nil, fmt.Errorf("%q: a copy is from or to one guest and user", arg)
		}
		guest, remotes[i] = &l, true
		words = append(words, func(l login) string { return l.destination() + ":" + path })
	}
	if guest == nil {
		return login{}, nil, errors.New("neither source nor target is in a guest; write one as TYPE/NAME:PATH")
	}
	last := len(args) - 1
	for _, remote := range remotes[:last] {
		switch {
		case remote && remotes[last]:
			return login{}, nil, errors.New("both source and target are in a guest; copy by way of this machine")
		case !remote && !remotes[last]:
			return login{}, nil, errors.New("all sources have to be in the guest when the target is here")
		}
	}
	return *guest, words, nil
}

// cutRemote tells whether an argument names a file of a guest. As with scp itself, a path whose first part has a colon
// in it does; a first part can be TYPE/NAME here.
func cutRemote(arg string) (guest, path string, remote bool) {
	guest, path, remote = strings.Cut(arg, ":")
	switch {
	case !remote, guest == "", strings.HasPrefix(guest, "/"), strings.HasPrefix(guest, "./"), strings.HasPrefix(guest, "../"),
		strings.HasPrefix(guest, "~"):
		return "", "", false
	case len(guest) == 1 || strings.Contains(guest, `\`) && filepath.VolumeName(arg) != "":
		// A drive of Windows.
		return "", "", false
	}
	return guest, path, true
}

// localFile writes a local name so that scp takes it for one.
func localFile(name string) string {
	if filepath.IsAbs(name) || filepath.VolumeName(name) != "" || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		return name
	}
	if strings.HasPrefix(name, "-") || strings.Contains(name, ":") {
		return "./" + name
	}
	return name
}

// completeFileOrPlace completes a file of this machine, or TYPE/NAME: of a guest.
func completeFileOrPlace(client *client) cobra.CompletionFunc {
	place := completePlace(client, nil)
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if strings.Contains(typed, ":") {
			return nil, noFiles
		}
		// What does not begin like TYPE/NAME is the name of a file, as long as no user is named before it.
		kind, _, slash := strings.Cut(typed, "/")
		if _, err := resourceOf(kind); !strings.Contains(typed, "@") && (!slash || err != nil) {
			return nil, cobra.ShellCompDirectiveDefault
		}
		found, _ := place(cmd, nil, typed)
		for i := range found {
			if !strings.HasSuffix(found[i], "/") {
				found[i] += ":"
			}
		}
		return found, noFiles | cobra.ShellCompDirectiveNoSpace
	}
}
