// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command virt-apiserver serves the API of virtual machines behind kube-apiserver.
package main

import (
	"os"

	"github.com/spf13/cobra"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"

	"github.com/virtplane/virtplane/apiserver"
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
	cmd.SetContext(genericapiserver.SetupSignalContext())
	options.AddFlags(cmd.Flags())
	os.Exit(cli.Run(cmd))
}
