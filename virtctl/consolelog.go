// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/virtctl/console"
)

// logFlags say that the log of a console is asked for, and how much of it.
type logFlags struct {
	log, follow, previous bool
	tail                  int64
}

func (f *logFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.log, "log", false, "Print what the node has kept of the console's output instead of connecting")
	flags.BoolVarP(&f.follow, "follow", "f", false, "With --log: go on with what comes, until the guest ends")
	flags.Int64Var(&f.tail, "tail", -1, "With --log: only that many lines of the end; -1 for all that is kept")
	flags.BoolVarP(&f.previous, "previous", "p", false, "With --log: the run of the guest before the present or last one")
}

func (f *logFlags) validate(cmd *cobra.Command, readOnly bool) error {
	switch {
	case !f.log:
		for _, name := range []string{"follow", "tail", "previous"} {
			if cmd.Flags().Changed(name) {
				return usageError(cmd, fmt.Errorf("--%s goes with --log", name))
			}
		}
	case readOnly:
		return usageError(cmd, errors.New("--read-only goes without --log, which connects with nothing"))
	case f.follow && f.previous:
		return usageError(cmd, errors.New("--follow and --previous: the run before has ended; give one of them"))
	case f.tail < -1:
		return usageError(cmd, fmt.Errorf("--tail=%d: it has to be at least 0, or -1 for all that is kept", f.tail))
	}
	return nil
}

// consoleLog prints the log of a console. It is asked of the virtual machine, which has one also while it is stopped,
// or of an instance that has no virtual machine.
func (c *client) consoleLog(ctx context.Context, args []string, f logFlags, patience time.Duration, out, notices io.Writer) error {
	t, err := parseTarget(args, machines)
	if err != nil {
		return err
	}
	log, err := c.openLog(ctx, t, f, console.Position{})
	if named, _ := parseTarget(args, instances); err != nil && named.resource == instances && isOfMachine(err) {
		t = named
		log, err = c.openLog(ctx, t, f, console.Position{})
	}
	if err != nil {
		return err
	}
	if file, ok := out.(*os.File); ok && console.TerminalOf(file) != nil {
		out = console.NewReplay(out)
	}
	follower := console.Follower{Out: out, Notices: notices, Patience: patience, Open: func(ctx context.Context, at console.Position) (*console.Log, error) {
		return c.openLog(ctx, t, f, at)
	}}
	return follower.Copy(ctx, log)
}

// isOfMachine tells that there is no virtual machine of the name.
func isOfMachine(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusNotFound && status.Status().Details != nil &&
		status.Status().Details.Kind == "virtualmachine"
}

func (c *client) openLog(ctx context.Context, t target, f logFlags, at console.Position) (*console.Log, error) {
	config, namespace, err := c.config()
	if err != nil {
		return nil, err
	}
	requests, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	request := requests.Get().AbsPath(subresourcesPath, "namespaces", namespace, t.resource, t.name, "log")
	for name, set := range map[string]bool{"follow": f.follow, "previous": f.previous} {
		if set {
			request = request.Param(name, "true")
		}
	}
	if f.tail >= 0 {
		request = request.Param("tailLines", strconv.FormatInt(f.tail, 10))
	}
	return console.OpenLog(ctx, config, request.URL(), at)
}
