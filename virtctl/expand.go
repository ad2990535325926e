// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// maxManifest caps what is read of a file, in bytes; it is what the API takes of an object.
const maxManifest = 3 << 20

func newExpandCommand(client *client) *cobra.Command {
	var vm, file string
	var output output
	cmd := &cobra.Command{
		Use:   "expand (--vm=NAME|--file=FILE) [flags]",
		Short: "Show a virtual machine with all that its instance type and preference add",
		Long: "Show a virtual machine as it would be without instance type and preference, with all that they add written into\n" +
			"its template. Nothing is changed. One from a file need not exist in the cluster.",
		Example: `
# Show the virtual machine demo.
virtctl expand --vm=demo

# Show one that is not created yet, from a file or from another command.
virtctl expand --file=vm.yaml
virtctl create vm --instancetype=small | virtctl expand --file=- --output=json`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (vm == "") == (file == "") {
				return usageError(cmd, errors.New("give either --vm or --file"))
			}
			if err := output.check(cmd); err != nil {
				return err
			}
			var expanded json.RawMessage
			if err := client.expand(cmd, vm, file, &expanded); err != nil {
				return err
			}
			return output.print(cmd, expanded, nil)
		},
	}
	cmd.Flags().StringVar(&vm, "vm", "", "Name of a virtual machine in the cluster")
	cmd.Flags().StringVarP(&file, "file", "f", "", "File with a virtual machine, YAML or JSON; - is the standard input")
	completeObjects(cmd, client, "vm", objectsPath, machines)
	output.addFlag(cmd, formatYAML, "", formatYAML, formatJSON)
	return cmd
}

func (c *client) expand(cmd *cobra.Command, vm, file string, into *json.RawMessage) error {
	if file != "" {
		manifest, err := readManifest(cmd.InOrStdin(), file)
		if err != nil {
			return err
		}
		cluster, err := c.open()
		if err != nil {
			return err
		}
		return cluster.put(cmd.Context(), manifest, into, cluster.in(subresourcesPath, "expand-vm-spec")...)
	}
	t, err := parseTarget([]string{vm}, machines)
	if err != nil {
		return err
	}
	cluster, err := c.open()
	if err != nil {
		return err
	}
	return cluster.get(cmd.Context(), into, cluster.subresource(t, "expand-spec")...)
}

// readManifest returns a file with YAML or JSON as JSON, unread: the server knows what may be in it.
func readManifest(in io.Reader, file string) (json.RawMessage, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxManifest+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read manifest %s: %w", file, err)
	case len(content) > maxManifest:
		return nil, fmt.Errorf("read manifest %s: it has more than %d bytes", file, maxManifest)
	}
	manifest, err := yaml.YAMLToJSONStrict(content)
	if err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", file, err)
	}
	if string(manifest) == "null" {
		return nil, fmt.Errorf("read manifest %s: it is empty", file)
	}
	return manifest, nil
}
