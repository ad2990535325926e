// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/virtplane/virtplane/virtctl/tunnel"
)

func newPortForwardCommand(client *client) *cobra.Command {
	var stdio bool
	var addresses []string
	cmd := &cobra.Command{
		Use:   "port-forward TYPE/NAME[/NAMESPACE] [PROTOCOL/]LOCAL[:TARGET]... [flags]",
		Short: "Forward local ports to a guest",
		Long: "Forward local ports to a guest. TYPE is vm or vmi; NAME.NAMESPACE is understood as well. PROTOCOL is tcp or udp,\n" +
			"tcp by default. LOCAL is the port on this machine, 0 for any that is free, and TARGET the guest's, by default\n" +
			"the same.\n\n" +
			"A connection that the guest refuses is told of, and the others go on. All of it goes through the cluster's API\n" +
			"server; for lasting heavy traffic make a Service.",
		Example: `
# Reach the web server of the virtual machine demo at http://127.0.0.1:8080.
virtctl port-forward vm/demo 8080:80

# Several ports, of a machine in another namespace, for everybody in the local network.
virtctl port-forward vm/demo/lab 8080:80 8443:443 --address=0.0.0.0

# Any local port that is free, which is printed.
virtctl port-forward vm/demo 0:22

# Datagrams.
virtctl port-forward vmi/demo udp/5353:53

# A single connection, with the standard input and output.
virtctl port-forward --stdio vm/demo 22`,
		Args:              cobra.MatchAll(atLeast(2), stdioAlone(&stdio)),
		ValidArgsFunction: completePlace(client, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := parsePlace(args[0])
			if err != nil {
				return err
			}
			var ports []forwarded
			for _, text := range args[1:] {
				port, err := parseForwarded(text)
				if err != nil {
					return usageError(cmd, err)
				}
				ports = append(ports, port)
			}
			if stdio {
				return forwardStdio(cmd, client, p, ports[0])
			}
			if p, err = client.locate(cmd.Context(), p); err != nil {
				return err
			}
			return forwardPorts(cmd, client, p, ports, addresses)
		},
	}
	cmd.Flags().BoolVar(&stdio, "stdio", false, "Forward the standard input and output instead of a local port; with a single port")
	cmd.Flags().StringSliceVar(&addresses, "address", []string{"127.0.0.1"}, "Local `addresses` to listen on, or localhost")
	return cmd
}

// stdioAlone refuses more than one port where there is one input.
func stdioAlone(stdio *bool) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if *stdio && len(args) > 2 {
			return usageError(cmd, errors.New("--stdio takes a single port"))
		}
		return nil
	}
}

// portOpener returns how to open a connection to a port of a guest.
func (c *client) portOpener(p place, protocol string, port uint16) (tunnel.Open, error) {
	subresource := []string{"portforward", strconv.Itoa(int(port))}
	// Servers that know no protocols take the shorter form.
	if protocol != "tcp" {
		subresource = append(subresource, protocol)
	}
	return c.stream(p, nil, subresource...)
}

// forwardStdio carries the standard input and output to a port.
func forwardStdio(cmd *cobra.Command, client *client, p place, port forwarded) error {
	stream, err := openPort(cmd.Context(), client, p, port)
	if err != nil {
		return err
	}
	return tunnel.Relay(cmd.Context(), tunnel.Stdio(cmd.InOrStdin(), cmd.OutOrStdout()), stream)
}

// openPort connects at once and looks only afterwards whether the name holds a namespace: whoever waits for the
// connection waits for one request.
func openPort(ctx context.Context, client *client, p place, port forwarded) (*tunnel.Conn, error) {
	open, err := client.portOpener(p, port.protocol, port.remote)
	if err != nil {
		return nil, err
	}
	stream, err := open(ctx)
	other, may := p.dotted()
	if err == nil || !may || !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return stream, err
	}
	if open, otherErr := client.portOpener(other, port.protocol, port.remote); otherErr == nil {
		if stream, otherErr := open(ctx); !apierrors.IsNotFound(otherErr) && !apierrors.IsForbidden(otherErr) {
			return stream, otherErr
		}
	}
	return nil, err
}

// forwardPorts listens until the command is interrupted, or a listener fails.
func forwardPorts(cmd *cobra.Command, client *client, p place, ports []forwarded, addresses []string) error {
	group, ctx := errgroup.WithContext(cmd.Context())
	serve := make([]func() error, 0, len(ports)*len(addresses))
	// Nothing is served before all listen: a port that is taken ends the command before anybody relies on it.
	for _, port := range ports {
		open, err := client.portOpener(p, port.protocol, port.remote)
		if err != nil {
			return err
		}
		report := func(peer net.Addr, err error) {
			cmd.PrintErrf("%s to %s of %s: %s\n", peer, port, p, reason(err))
		}
		listen := listenTCP
		if port.protocol == "udp" {
			listen = listenUDP
		}
		locals, err := listen(ctx, addresses, port.local)
		if err != nil {
			return err
		}
		for _, l := range locals {
			defer l.close()
			cmd.Printf("Forwarding from %s to %s of %s\n", l.address, port, p)
			serve = append(serve, func() error { return l.serve(ctx, open, report) })
		}
	}
	for _, f := range serve {
		group.Go(f)
	}
	return untilEnded(cmd.Context(), group.Wait())
}

// local is one place where this machine listens.
type local struct {
	address net.Addr
	serve   func(context.Context, tunnel.Open, tunnel.Report) error
	close   func() error
}

func listenTCP(ctx context.Context, addresses []string, port uint16) ([]local, error) {
	listeners, err := tunnel.ListenTCP(ctx, addresses, port)
	var out []local
	for _, l := range listeners {
		out = append(out, local{l.Addr(), func(ctx context.Context, open tunnel.Open, report tunnel.Report) error {
			return tunnel.ServeTCP(ctx, l, open, report)
		}, l.Close})
	}
	return out, err
}

func listenUDP(ctx context.Context, addresses []string, port uint16) ([]local, error) {
	conns, err := tunnel.ListenUDP(ctx, addresses, port)
	var out []local
	for _, c := range conns {
		out = append(out, local{c.LocalAddr(), func(ctx context.Context, open tunnel.Open, report tunnel.Report) error {
			return tunnel.ServeUDP(ctx, c, open, report)
		}, c.Close})
	}
	return out, err
}

// atLeast is rangeArgs without an upper bound.
func atLeast(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return usageError(cmd, fmt.Errorf("an argument is missing"))
		}
		return nil
	}
}
