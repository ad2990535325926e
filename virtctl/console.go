// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/virtplane/virtplane/virtctl/console"
)

// defaultConsoleTimeout is how long an instance that does not run yet is waited for, in minutes.
const defaultConsoleTimeout = 5

func newConsoleCommand(client *client) *cobra.Command {
	var minutes int
	cmd := &cobra.Command{
		Use:   "console NAME [flags]",
		Short: "Connect to the serial console of a guest",
		Long: "Connect to the serial console of a guest. A guest that does not run yet is waited for, and a connection that\n" +
			"breaks is made again. Ctrl-] leaves.\n\n" +
			"When the input is a file or a pipe, its end does not leave; the character \\035 (Ctrl-]) in it does, and so does\n" +
			"the end of the guest.",
		Example: `
# Connect to the console of the virtual machine demo.
virtctl console demo

# Wait at most a minute for it to run.
virtctl console demo --timeout=1

# Follow the console in a script.
virtctl console demo < /dev/null | tee demo.log`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := parseTarget(args, instances)
			if err != nil {
				return err
			}
			if minutes <= 0 {
				return usageError(cmd, fmt.Errorf("--timeout=%d: it has to be at least one minute", minutes))
			}
			config, address, err := client.consoleURL(t.name)
			if err != nil {
				return err
			}
			session := &console.Session{
				Name:    t.name,
				Dial:    console.NewDialer(config, address),
				Awaited: func(ctx context.Context) bool { return client.awaited(ctx, t.name) },
				Timeout: time.Duration(minutes) * time.Minute,
				In:      cmd.InOrStdin(),
				Out:     cmd.OutOrStdout(),
				Notices: cmd.ErrOrStderr(),
			}
			if f := stdinFile(cmd.InOrStdin()); f != nil {
				session.Terminal = console.TerminalOf(f)
			}
			return session.Run(cmd.Context())
		},
	}
	cmd.Flags().IntVar(&minutes, "timeout", defaultConsoleTimeout, "Minutes to wait for the guest to run")
	return cmd
}

// awaited tells whether an instance that is missing may still come, because there is a virtual machine of its name.
// Where that cannot be seen it is assumed.
func (c *client) awaited(ctx context.Context, name string) bool {
	err := c.get(ctx, target{machines, name})
	return err == nil || !apierrors.IsNotFound(err) && !errors.Is(err, context.Canceled)
}
