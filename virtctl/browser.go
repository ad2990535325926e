// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"net/url"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/virtplane/virtplane/virtctl/web"
)

// browserOptions are the flags of what is shown in a browser.
type browserOptions struct {
	browser, noOpen bool
	address         string
	port            uint16
}

// withBrowser lets a command that shows something of an instance show it in a browser as well.
func withBrowser(cmd *cobra.Command, client *client, view web.View) *cobra.Command {
	o := &browserOptions{}
	elsewhere := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !o.browser {
			if o.noOpen {
				return usageError(cmd, errors.New("--no-open goes with --browser"))
			}
			return elsewhere(cmd, args)
		}
		t, err := parseTarget(args, instances)
		if err != nil {
			return err
		}
		return o.serve(cmd, client, web.Options{View: view, Name: t.name, Parameters: streamParameters(cmd.Flags())})
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.browser, "browser", false, "Show it in a browser, by a page that this command serves until Ctrl-C")
	o.addFlags(flags)
	for _, other := range []string{"proxy-only", "vnc-type", "vnc-path", "log"} {
		if flags.Lookup(other) != nil {
			cmd.MarkFlagsMutuallyExclusive("browser", other)
		}
	}
	return cmd
}

// addFlags adds the flags that the command does not have for other reasons.
func (o *browserOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.noOpen, "no-open", false, "Print the link for the browser and do not open it")
	if flags.Lookup("address") == nil {
		flags.StringVar(&o.address, "address", "127.0.0.1", "Local `address` that the page is served at")
	}
	if flags.Lookup("port") == nil {
		flags.Uint16Var(&o.port, "port", 0, "Local `port` that the page is served at, 0 for any that is free")
	}
}

// streamParameters returns what flags ask of the server that has the stream.
func streamParameters(flags *pflag.FlagSet) url.Values {
	parameters := url.Values{}
	for flag, parameter := range map[string]string{"preserve-session": "preserveSession", "exclusive": "exclusive", "read-only": "readOnly"} {
		if on, err := flags.GetBool(flag); err == nil && on {
			parameters.Set(parameter, "true")
		}
	}
	return parameters
}

// serve serves a page until Ctrl-C.
func (o *browserOptions) serve(cmd *cobra.Command, client *client, page web.Options) error {
	config, namespace, err := client.config()
	if err != nil {
		return err
	}
	page.Config, page.Notices = config, cmd.OutOrStdout()
	if page.Namespace == "" {
		page.Namespace = namespace
	}
	flags := cmd.Flags()
	if page.Address, err = flags.GetString("address"); err != nil {
		return err
	}
	port, err := flags.GetUint16("port")
	if err != nil {
		return err
	}
	page.Port = int(port)
	if !o.noOpen {
		page.Open = web.OpenBrowser
	}
	return web.Serve(cmd.Context(), page)
}
