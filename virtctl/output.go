// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"sigs.k8s.io/yaml"
)

// Formats of data.
const (
	formatJSON  = "json"
	formatYAML  = "yaml"
	formatTable = "table"
)

// output is the flag of commands that print data.
type output struct {
	format  string
	allowed []string
}

// addFlag takes what is printed when nothing is asked for, in words, and the formats; the value of the flag without
// being given is fallback.
func (o *output) addFlag(cmd *cobra.Command, fallback, otherwise string, allowed ...string) {
	o.allowed = allowed
	usage := "Print as " + join(allowed, "or")
	if otherwise != "" {
		usage += "; without it " + otherwise
	}
	cmd.Flags().StringVarP(&o.format, "output", "o", fallback, usage)
	completeValues(cmd, "output", allowed...)
}

// check refuses formats that there are not, before anything is done.
func (o *output) check(cmd *cobra.Command) error {
	if o.format == "" && !cmd.Flags().Changed("output") || slices.Contains(o.allowed, o.format) {
		return nil
	}
	return usageError(cmd, fmt.Errorf("--output=%s: use %s", o.format, join(o.allowed, "or")))
}

// print writes data of the server: as it was asked for, or else by table to a terminal and as JSON to anything else,
// which may be a program.
func (o *output) print(cmd *cobra.Command, data json.RawMessage, table func(io.Writer) error) error {
	format := o.format
	if format == "" {
		format = formatJSON
		if isTerminal(cmd.OutOrStdout()) {
			format = formatTable
		}
	}
	switch format {
	case formatTable:
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 3, ' ', 0)
		if err := table(w); err != nil {
			return err
		}
		return w.Flush()
	case formatYAML:
		converted, err := yaml.JSONToYAML(data)
		if err != nil {
			return fmt.Errorf("convert the server's answer to YAML: %w", err)
		}
		_, err = cmd.OutOrStdout().Write(converted)
		return err
	}
	indented, err := indent(data)
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(indented)
	return err
}

// indent returns JSON for people. What would move the cursor of a terminal or turn the direction of writing, which a
// guest may have sent, is escaped; the data stays the same.
func indent(data json.RawMessage) ([]byte, error) {
	var plain, out bytes.Buffer
	if err := json.Indent(&plain, data, "", "  "); err != nil {
		return nil, fmt.Errorf("decode the server's answer: %w", err)
	}
	for _, r := range plain.String() {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// printable returns text of a guest as it may be shown on a terminal.
func printable(text string) string {
	var out strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			out.WriteRune(r)
		} else {
			out.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
	}
	return out.String()
}

// row writes one line of a table; what is empty is a dash, so that columns can be told apart.
func row(w io.Writer, cells ...string) {
	for i, cell := range cells {
		if cells[i] = printable(cell); cell == "" {
			cells[i] = "-"
		}
	}
	fmt.Fprintln(w, strings.Join(cells, "\t"))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// join returns a list as a part of a sentence.
func join(list []string, word string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " " + word + " " + list[last]
}
