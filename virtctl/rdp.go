// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/virtplane/virtplane/virtctl/rdp"
	"github.com/virtplane/virtplane/virtctl/tunnel"
)

const (
	// rdpPort is where servers of the Remote Desktop Protocol listen.
	rdpPort = 3389
	// probeTime is how long a guest may take to answer the first packet.
	probeTime = 15 * time.Second
)

// rdpOptions are the flags of rdp.
type rdpOptions struct {
	rdp.Desktop
	address      string
	port, remote uint16
	proxyOnly    bool
	file         string
	client       string
	noAgentCheck bool
	force        bool
}

func newRDPCommand(client *client) *cobra.Command {
	o := &rdpOptions{}
	cmd := &cobra.Command{
		Use:   "rdp VM [flags] [-- ARGUMENTS...]",
		Short: "Show the desktop of a guest by the Remote Desktop Protocol",
		Long: "Show the desktop of a guest by the Remote Desktop Protocol: check that the guest runs, that its agent is connected\n" +
			"and that a server answers, forward a local port to it and start a client of this machine. ARGUMENTS are handed\n" +
			"to the client.\n\n" +
			"In the guest, Windows has the server under \"Remote Desktop\" in its settings; Linux has it as xrdp.",
		Example: `
# Show the desktop of the virtual machine demo.
virtctl rdp demo --username=admin

# Write a file for a client of your own, and forward the port until Ctrl-C.
virtctl rdp demo --file=demo.rdp --full-screen

# Listen on port 13389 for clients, of a guest without an agent.
virtctl rdp demo --proxy-only --port=13389 --no-agent-check

# Use a certain client, with options of its own.
virtctl rdp demo --client=xfreerdp3 -- /multimon /sound`,
		Args:              atLeast(1),
		ValidArgsFunction: completePlaceOrName(client),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 && cmd.ArgsLenAtDash() != 1 {
				return usageError(cmd, fmt.Errorf("unexpected argument %q; arguments for the client stand behind --", args[1]))
			}
			p, err := parsePlace(args[0])
			if err != nil {
				return err
			}
			return o.run(cmd, client, p, args[1:])
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.User, "username", "u", "", "User to log in as; without it the client asks")
	flags.BoolVar(&o.FullScreen, "full-screen", false, "Fill the whole screen")
	flags.StringVar(&o.client, "client", "", "Program to start as the client; without it one that is installed")
	flags.StringVar(&o.file, "file", "", "Start no client; write a .rdp `file` (- for the standard output) and wait for clients to connect")
	flags.BoolVar(&o.proxyOnly, "proxy-only", false, "Start no client; print the local port as JSON and wait for clients to connect")
	flags.StringVar(&o.address, "address", "127.0.0.1", "Local `address` to listen on")
	flags.Uint16Var(&o.port, "port", 0, "Local `port` to listen on, 0 for any that is free")
	flags.Uint16Var(&o.remote, "target-port", rdpPort, "Port of the guest")
	flags.BoolVar(&o.noAgentCheck, "no-agent-check", false, "Go on without a guest agent")
	flags.BoolVar(&o.force, "force", false, "Go on without a guest agent, and when no server answers")
	cmd.MarkFlagsMutuallyExclusive("proxy-only", "file", "client")
	return cmd
}

func (o *rdpOptions) run(cmd *cobra.Command, client *client, p place, more []string) error {
	address, err := netip.ParseAddr(o.address)
	if err != nil {
		return usageError(cmd, fmt.Errorf("--address=%s: it is not an IP address", o.address))
	}
	if o.remote == 0 {
		return usageError(cmd, errors.New("--target-port=0: a guest has no port 0"))
	}
	if err := o.Check(); err != nil {
		return usageError(cmd, fmt.Errorf("--username: %w", err))
	}
	o.Name = p.name
	shown := address
	if address.IsUnspecified() {
		shown = netip.MustParseAddr("127.0.0.1")
	}
	o.Address = netip.AddrPortFrom(shown, 0)
	own := o.proxyOnly || o.file != ""
	if _, err := o.find(cmd, "", nil); err != nil && !own {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	p, vmi, err := client.instance(ctx, "rdp", p)
	switch {
	case apierrors.IsForbidden(err):
		// The right to connect is another one; what is wrong shows then.
	case err != nil:
		return err
	default:
		if err := checkDesktop(vmi, !o.force && !o.noAgentCheck); err != nil {
			return err
		}
	}
	open, err := client.portOpener(p, "tcp", o.remote)
	if err != nil {
		return err
	}
	if !o.force {
		if err := probeDesktop(ctx, open, p, o.remote); err != nil {
			return err
		}
	}
	listeners, err := tunnel.ListenTCP(ctx, []string{o.address}, o.port)
	if err != nil {
		return err
	}
	listener := listeners[0]
	defer listener.Close()
	warnOfAddress(cmd, address, "reaches the login of the desktop")
	port := tunnel.PortOf(listener.Addr())
	o.Address = netip.AddrPortFrom(shown, port)
	served := make(chan error, 1)
	go func() {
		served <- tunnel.ServeTCP(ctx, listener, open, func(peer net.Addr, err error) {
			cmd.PrintErrf("client at %s: %s\n", peer, reason(err))
		})
	}()
	switch {
	case o.proxyOnly:
		err = printPort(cmd, port)
	case o.file != "":
		if err = save(cmd.OutOrStdout(), o.file, o.File()); err == nil {
			cmd.PrintErrf("Forwarding from %s to the desktop of %s; Ctrl-C ends it\n", o.Address, p)
		}
	default:
		err = o.start(ctx, cmd, more)
	}
	if own && err == nil {
		return untilEnded(ctx, <-served)
	}
	cancel()
	<-served
	return err
}

// start runs a client until its user closes it.
func (o *rdpOptions) start(ctx context.Context, cmd *cobra.Command, more []string) error {
	dir, err := os.MkdirTemp("", "virtctl-rdp-")
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, o.Name+".rdp")
	if err := os.WriteFile(file, o.File(), 0o600); err != nil {
		return fmt.Errorf("write connection: %w", err)
	}
	call, err := o.find(cmd, file, more)
	if err != nil {
		return err
	}
	// Clients ask for passwords on the terminal, so they have it.
	err = runAttached(ctx, cmd, call.Path, call.Args...)
	var status exitStatus
	if !errors.As(err, &status) {
		return err
	}
	if call.Ended(int(status)) {
		return nil
	}
	return fmt.Errorf("run %s: exit status %d", call.Path, int(status))
}

func (o *rdpOptions) find(cmd *cobra.Command, file string, more []string) (rdp.Call, error) {
	call, err := rdp.Find(runtime.GOOS, o.client, exec.LookPath, o.Desktop, file, more)
	var missing *rdp.MissingError
	if errors.As(err, &missing) {
		return rdp.Call{}, fmt.Errorf("%w; or use --file or --proxy-only and connect a client of your own", err)
	}
	return call, err
}
