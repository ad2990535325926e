// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"sigs.k8s.io/yaml"

	"github.com/virtplane/virtplane/apis/version"
)

// versions is what the version command prints.
type versions struct {
	Client *apimachineryversion.Info `json:"clientVersion,omitempty"`
	Server *apimachineryversion.Info `json:"serverVersion,omitempty"`
}

func newVersionCommand(client *client) *cobra.Command {
	var clientOnly bool
	var output string
	cmd := &cobra.Command{
		Use:   "version [flags]",
		Short: "Print the versions of client and server",
		Example: `
# Print both versions.
virtctl version

# Print everything that is known about the client alone, without asking the cluster.
virtctl version --client --output=yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "" && output != "json" && output != "yaml" {
				return usageError(cmd, fmt.Errorf("--output=%s: use json or yaml", output))
			}
			own := version.Get()
			all := versions{Client: &own}
			var serverErr error
			if !clientOnly {
				all.Server, serverErr = client.serverVersion(cmd.Context())
			}
			// What is known is printed even when the server does not answer.
			if err := printVersions(cmd, all, output); err != nil {
				return err
			}
			return serverErr
		},
	}
	cmd.Flags().BoolVar(&clientOnly, "client", false, "Print the client's version alone, without asking the cluster")
	cmd.Flags().StringVarP(&output, "output", "o", "", "Print everything that is known, as json or yaml")
	return cmd
}

func printVersions(cmd *cobra.Command, all versions, output string) error {
	encode := yaml.Marshal
	switch output {
	case "":
		cmd.Println("Client Version: " + all.Client.GitVersion)
		if all.Server != nil {
			cmd.Println("Server Version: " + all.Server.GitVersion)
		}
		return nil
	case "json":
		encode = func(v any) ([]byte, error) { return json.MarshalIndent(v, "", "  ") }
	}
	encoded, err := encode(all)
	if err != nil {
		return fmt.Errorf("encode versions: %w", err)
	}
	cmd.Println(string(encoded))
	return nil
}
