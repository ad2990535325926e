// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl/console"
)

// defaultConsoleTimeout is how long an instance that does not run yet is waited for, in minutes.
const defaultConsoleTimeout = 5

func newConsoleCommand(client *client) *cobra.Command {
	var minutes int
	var readOnly bool
	var log logFlags
	cmd := &cobra.Command{
		Use:   "console NAME [flags]",
		Short: "Connect to the serial console of a guest, or print its log",
		Long: "Connect to the serial console of a guest. A guest that does not run yet is waited for, and a connection that\n" +
			"breaks is made again. Ctrl-] leaves.\n\n" +
			"When the input is a file or a pipe, its end does not leave; the character \\035 (Ctrl-]) in it does, and so does\n" +
			"the end of the guest.\n\n" +
			"With --log, what the node has kept of the output is printed, also of a virtual machine that is stopped.",
		Example: `
# Connect to the console of the virtual machine demo.
virtctl console demo

# Wait at most a minute for it to run.
virtctl console demo --timeout=1

# Follow the console in a script.
virtctl console demo < /dev/null | tee demo.log

# Watch without touching anything.
virtctl console demo --read-only

# See what the guest said before it ended, or in the run before.
virtctl console demo --log --tail=100
virtctl console demo --log --previous`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeKindAndName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := log.validate(cmd, readOnly); err != nil {
				return err
			}
			if log.log {
				patience := time.Duration(minutes) * time.Minute
				return client.consoleLog(cmd.Context(), args, log, patience, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
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
			if readOnly {
				address.RawQuery = url.Values{v1.ConsoleReadOnly: {"true"}}.Encode()
			}
			session := &console.Session{
				Name:     t.name,
				Dial:     console.NewDialer(config, address),
				Awaited:  func(ctx context.Context) bool { return client.awaited(ctx, t.name) },
				Timeout:  time.Duration(minutes) * time.Minute,
				ReadOnly: readOnly,
				In:       cmd.InOrStdin(),
				Out:      cmd.OutOrStdout(),
				Notices:  cmd.ErrOrStderr(),
			}
			if f := stdinFile(cmd.InOrStdin()); f != nil {
				session.Terminal = console.TerminalOf(f)
			}
			return session.Run(cmd.Context())
		},
	}
	cmd.Flags().IntVar(&minutes, "timeout", defaultConsoleTimeout, "Minutes to wait for the guest to run")
	cmd.Flags().BoolVar(&readOnly, "read-only", false, "Watch only: what is typed does not reach the guest")
	log.add(cmd.Flags())
	return cmd
}

// awaited tells whether an instance that is missing may still come, because there is a virtual machine of its name.
// Where that cannot be seen it is assumed.
func (c *client) awaited(ctx context.Context, name string) bool {
	err := c.get(ctx, target{machines, name})
	return err == nil || !apierrors.IsNotFound(err) && !errors.Is(err, context.Canceled)
}
