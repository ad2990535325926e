// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// question is what the guest agent can be asked.
type question struct {
	command string
	// verb is the subresource that answers.
	verb        string
	short, long string
	example     string
	// table writes an answer for people.
	table func(w io.Writer, answer json.RawMessage) error
}

// newQuestionCommand returns a command that asks the agent of a guest and prints the answer.
func newQuestionCommand(client *client, q question) *cobra.Command {
	var output output
	cmd := &cobra.Command{
		Use:   q.command + " VMI [flags]",
		Short: q.short,
		Long: q.long + " The guest agent has to run in the guest.\n\n" +
			"On a terminal it is a table; into a file or a program it is JSON. A virtual machine's instance has its name.",
		Example: strings.TrimSpace(q.example) + `

# The same as data, for a script.
virtctl ` + q.command + ` demo --output=json`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(cmd); err != nil {
				return err
			}
			t, err := parseTarget(args, instances)
			if err != nil {
				return err
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			var answer json.RawMessage
			err = c.get(cmd.Context(), &answer, c.subresource(target{instances, t.name}, q.verb)...)
			if err != nil {
				return c.explainMissing(cmd.Context(), q.command, t.name, err)
			}
			return output.print(cmd, answer, func(w io.Writer) error { return q.table(w, answer) })
		},
	}
	output.addFlag(cmd, "", "a table on a terminal and JSON elsewhere", formatJSON, formatYAML, formatTable)
	return cmd
}

// decode reads an answer of the server.
func decode(answer json.RawMessage, into any) error {
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("decode the server's answer: %w", err)
	}
	return nil
}
