// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/virtctl/tunnel"
	"github.com/virtplane/virtplane/virtctl/viewer"
)

// vncOptions are the flags of vnc.
type vncOptions struct {
	address         string
	port            uint16
	proxyOnly       bool
	preserveSession bool
	exclusive       bool
	kind, path      string
}

// newVNCCommand returns the command that shows a screen in a viewer program. What shows it otherwise, such as in a
// browser, wraps the command: it adds its flag and puts its own RunE before this one.
func newVNCCommand(client *client) *cobra.Command {
	o := &vncOptions{}
	cmd := &cobra.Command{
		Use:   "vnc VMI [flags]",
		Short: "Show the screen of a guest",
		Long: "Show the screen of a guest in a VNC viewer of this machine, or listen on a local port for one. Each viewer that\n" +
			"connects to the port has a connection of its own. Others who watch stay, unless --exclusive ends their view;\n" +
			"on servers that allow one viewer alone they do not stay.",
		Example: `
# Show the screen of the virtual machine demo.
virtctl vnc demo

# Listen on port 5901 for viewers until Ctrl-C.
virtctl vnc demo --proxy-only --port=5901

# Show the screen only if nobody else looks at it.
virtctl vnc demo --preserve-session

# Use a certain viewer.
virtctl vnc demo --vnc-type=tiger --vnc-path=/opt/tigervnc/bin/vncviewer`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeKindAndName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := parseTarget(args, instances)
			if err != nil {
				return err
			}
			return o.show(cmd, client, t.name)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.proxyOnly, "proxy-only", false, "Start no viewer; print the local port as JSON and wait for viewers to connect")
	flags.StringVar(&o.address, "address", "127.0.0.1", "Local `address` to listen on; who reaches it needs no password")
	flags.Uint16Var(&o.port, "port", 0, "Local `port` to listen on, 0 for any that is free")
	flags.BoolVar(&o.preserveSession, "preserve-session", false, "Leave the screen to somebody who already looks at it")
	flags.BoolVar(&o.exclusive, "exclusive", false, "End the view of everybody else who looks at the screen")
	flags.StringVar(&o.kind, "vnc-type", "", "Sort of viewer to start: remote-viewer, tiger, real or chicken")
	flags.StringVar(&o.path, "vnc-path", "", "Program to start as the viewer, if it is not where such programs are")
	cmd.MarkFlagsMutuallyExclusive("exclusive", "preserve-session")
	must(cmd.RegisterFlagCompletionFunc("vnc-type", cobra.FixedCompletions(viewer.Kinds(), noFiles)))
	cmd.AddCommand(newScreenshotCommand(client))
	return cmd
}

// show listens for viewers and, unless the user has one, starts one.
func (o *vncOptions) show(cmd *cobra.Command, client *client, name string) error {
	address, err := netip.ParseAddr(o.address)
	if err != nil {
		return usageError(cmd, fmt.Errorf("--address=%s: it is not an IP address", o.address))
	}
	// What is missing on this machine is told before anything is asked of the cluster.
	if _, err := o.viewer(cmd, address, 0); err != nil && !o.proxyOnly {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	open, err := client.stream(place{target: target{instances, name}}, o.query(), "vnc")
	if err != nil {
		return err
	}
	listeners, err := tunnel.ListenTCP(ctx, []string{o.address}, o.port)
	if err != nil {
		return err
	}
	listener := listeners[0]
	defer listener.Close()
	// The server tells now whether there is a screen, rather than to the viewer, which would not say why.
	if open, err = tunnel.Ahead(ctx, open); err != nil {
		return client.explainStopped(ctx, "vnc", name, err)
	}
	warnOfAddress(cmd, address, "sees the screen and may type")

	port := tunnel.PortOf(listener.Addr())
	served := make(chan error, 1)
	go func() {
		served <- tunnel.ServeTCP(ctx, listener, open, func(peer net.Addr, err error) {
			cmd.PrintErrf("viewer at %s: %s\n", peer, reason(err))
		})
	}()
	if o.proxyOnly {
		if err := printPort(cmd, port); err != nil {
			return err
		}
		return untilEnded(ctx, <-served)
	}
	call, err := o.viewer(cmd, address, port)
	if err == nil {
		err = watch(ctx, call)
	}
	cancel()
	<-served
	return err
}

// query are the options of the server.
func (o *vncOptions) query() url.Values {
	query := url.Values{}
	if o.preserveSession {
		query.Set("preserveSession", "true")
	}
	if o.exclusive {
		query.Set("exclusive", "true")
	}
	return query
}

// viewer finds the program that shows the screen behind a local port.
func (o *vncOptions) viewer(cmd *cobra.Command, address netip.Addr, port uint16) (viewer.Call, error) {
	if address.IsUnspecified() {
		address = netip.MustParseAddr("127.0.0.1")
	}
	here := viewer.System{OS: runtime.GOOS, LookPath: exec.LookPath, Glob: filepath.Glob}
	call, err := here.Find(o.kind, o.path, viewer.Screen{
		Address:   netip.AddrPortFrom(address, port),
		Exclusive: o.exclusive,
		Verbose:   klog.V(4).Enabled(),
	})
	var missing *viewer.MissingError
	switch {
	case errors.As(err, &missing):
		return viewer.Call{}, fmt.Errorf("%w; or %s", err, otherWays(cmd))
	case err != nil:
		return viewer.Call{}, err
	case runtime.GOOS == "linux" && o.path == "" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "":
		return viewer.Call{}, fmt.Errorf("there is no desktop here that %s could show itself on (DISPLAY and WAYLAND_DISPLAY are not set); %s",
			call.Path, otherWays(cmd))
	}
	return call, nil
}

// otherWays tells what works without a viewer.
func otherWays(cmd *cobra.Command) string {
	ways := "use --proxy-only and connect a viewer to the port that it prints"
	if cmd.Flags().Lookup("browser") != nil {
		ways += ", or --browser"
	}
	return ways
}

// watch runs a viewer until its user closes it.
func watch(ctx context.Context, call viewer.Call) error {
	klog.FromContext(ctx).V(2).Info("Starting viewer", "path", call.Path, "args", call.Args)
	said, err := runQuietly(ctx, call.Path, call.Args...)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if said == "" {
		return fmt.Errorf("run %s: %w", call.Path, err)
	}
	return fmt.Errorf("run %s: %w; it said:\n%s", call.Path, err, said)
}

// printPort tells a program that has started this one where to connect.
func printPort(cmd *cobra.Command, port uint16) error {
	encoded, err := json.Marshal(struct {
		Port uint16 `json:"port"`
	}{port})
	if err != nil {
		return fmt.Errorf("encode port: %w", err)
	}
	cmd.Println(string(encoded))
	return nil
}

// warnOfAddress tells who can reach a port that others than this machine can.
func warnOfAddress(cmd *cobra.Command, address netip.Addr, can string) {
	if !address.IsLoopback() {
		cmd.PrintErrf("Warning: everybody who reaches %s %s, without a password, as long as this command runs\n", address, can)
	}
}
