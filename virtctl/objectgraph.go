// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newObjectGraphCommand(client *client) *cobra.Command {
	var instance, withoutOptional bool
	var selector map[string]string
	var output output
	cmd := &cobra.Command{
		Use:   "objectgraph NAME [flags]",
		Short: "Show the objects that a virtual machine depends on",
		Long: "Show the objects that a virtual machine or an instance depends on, such as claims and secrets: what a backup or a\n" +
			"move to another cluster has to take along. The feature gate ObjectGraph has to be on.\n\n" +
			"On a terminal it is a tree; into a file or a program it is JSON.",
		Example: `
# Show what the virtual machine demo needs.
virtctl objectgraph demo

# Its storage alone, without what it can do without.
virtctl objectgraph demo --selector=kubevirt.io/dependency-type=storage --exclude-optional

# What an instance needs, as data.
virtctl objectgraph demo --vmi --output=yaml`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(cmd); err != nil {
				return err
			}
			resource := machines
			if instance {
				resource = instances
			}
			t, err := parseTarget(args, resource)
			if err != nil {
				return err
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			options := v1.ObjectGraphOptions{IncludeOptionalNodes: new(bool)}
			*options.IncludeOptionalNodes = !withoutOptional
			if len(selector) > 0 {
				options.LabelSelector = &metav1.LabelSelector{MatchLabels: selector}
			}
			var graph json.RawMessage
			if err := c.do(cmd.Context(), asJSON(c.requests.Get()).AbsPath(c.subresource(t, "objectgraph")...), options, &graph); err != nil {
				return err
			}
			return output.print(cmd, graph, func(w io.Writer) error { return printGraph(w, graph) })
		},
	}
	cmd.Flags().BoolVar(&instance, "vmi", false, "The name is of an instance")
	cmd.Flags().BoolVar(&withoutOptional, "exclude-optional", false, "Leave out what the virtual machine can do without")
	cmd.Flags().StringToStringVar(&selector, "selector", nil, "Labels of the objects to show, as KEY=VALUE,...")
	output.addFlag(cmd, "", "a tree on a terminal and JSON elsewhere", formatJSON, formatYAML, formatTable)
	return cmd
}

func printGraph(w io.Writer, answer json.RawMessage) error {
	root := v1.ObjectGraphNode{}
	if err := decode(answer, &root); err != nil {
		return err
	}
	row(w, "OBJECT", "OPTIONAL", "LABELS")
	printNode(w, root, "", "")
	return nil
}

// printNode writes a node behind lead, and those below it behind below.
func printNode(w io.Writer, n v1.ObjectGraphNode, lead, below string) {
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(n.Labels)) {
		labels = append(labels, key+"="+n.Labels[key])
	}
	optional := ""
	if n.Optional != nil && *n.Optional {
		optional = "yes"
	}
	row(w, fmt.Sprintf("%s%s/%s", lead, n.ObjectReference.Kind, n.ObjectReference.Name), optional, strings.Join(labels, ","))
	for i, child := range n.Children {
		if i == len(n.Children)-1 {
			printNode(w, child, below+"└─ ", below+"   ")
		} else {
			printNode(w, child, below+"├─ ", below+"│  ")
		}
	}
}
