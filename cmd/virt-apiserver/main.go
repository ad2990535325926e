// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command virt-apiserver serves the API of virtual machines behind kube-apiserver, and keeps its data.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"

	"github.com/virtplane/virtplane/apiserver"
	"github.com/virtplane/virtplane/apiserver/commands"
)

func main() {
	options := apiserver.NewOptions()
	cmd := &cobra.Command{
		Use:          "virt-apiserver",
		Short:        "Serve the API of virtual machines behind kube-apiserver",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE:         func(cmd *cobra.Command, _ []string) error { return options.Run(cmd.Context()) },
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.SetContext(genericapiserver.SetupSignalContext())
	options.AddFlags(cmd.Flags())
	cmd.AddCommand(commands.All()...)
	err := cli.RunNoErrOutput(cmd)
	if errors.Is(err, apiserver.ErrRestart) {
		err = commands.Restart()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}
