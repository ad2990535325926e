// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryCommandHasHelpWithExamples goes through the whole tree, as both programs show it.
func TestEveryCommandHasHelpWithExamples(t *testing.T) {
	for program, called := range map[string]string{"/usr/bin/virtctl": "virtctl", "/usr/bin/kubectl-virt": "kubectl virt"} {
		root, _ := newCommand(called)
		var walk func(*cobra.Command)
		walk = func(cmd *cobra.Command) {
			for _, sub := range cmd.Commands() {
				if sub.Name() == "help" || sub.Name() == "options" || sub.Hidden {
					continue
				}
				path := strings.Fields(strings.TrimPrefix(sub.CommandPath(), called))
				help := run(t, append(append([]string{program}, path...), "--help")...)
				name := called + " " + strings.Join(path, " ")
				switch {
				case help.code != 0 || help.errOut != "":
					t.Errorf("%s --help: %+v", name, help)
				case !strings.Contains(help.out, "Examples:\n  # ") || !strings.Contains(help.out, "\n  "+name+" ") && !strings.Contains(help.out, "\n  "+name+"\n"):
					t.Errorf("%s --help has no examples of it:\n%s", name, help.out)
				case called != "virtctl" && strings.Contains(help.out, "virtctl "):
					t.Errorf("%s --help speaks of virtctl:\n%s", name, help.out)
				}
				for _, line := range strings.Split(help.out, "\n") {
					if len(line) > 200 {
						t.Errorf("%s --help has a line of %d characters: %s", name, len(line), line)
					}
				}
				walk(sub)
			}
		}
		walk(root)
	}
}
