// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command apisupport writes the list of what virtplane does with each field of the API, in Markdown, to its
// standard output.
package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/virtplane/virtplane/apis/kubevirt/support"
)

const head = `# What virtplane does with each field

virtplane reads every field of VirtualMachine and VirtualMachineInstance of the API kubevirt.io/v1. Each one is

- **implemented**: it does what it says;
- **stored**: it is kept as it was written and changes nothing yet, which does no harm; the server warns of it;
- **refused**: ignoring it would mislead, so the server answers 422, names the field, and tells what to do instead.
  A field that asks for nothing (false, 0, an empty text or list, enabled: false) is accepted all the same.

A line stands for a field and all that lies below it. The status is written by virtplane; every field of it is kept.
Quantities come back as Kubernetes spells them: 1024Mi as 1Gi.

The server decides by the same table that this page is made from (apis/kubevirt/support).
`

func main() {
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprint(out, head)
	write(out, "VirtualMachine", support.Machine())
	fmt.Fprint(out, "\nFor `spec.template.spec` the fields of the instance apply.\n")
	write(out, "VirtualMachineInstance", support.Instance())
	if err := out.Flush(); err != nil {
		fmt.Fprintf(os.Stderr, "write the list: %v\n", err)
		os.Exit(1)
	}
}

func write(out io.Writer, kind string, rules []support.Rule) {
	rules = slices.SortedFunc(slices.Values(rules), func(a, b support.Rule) int {
		return cmp.Or(cmp.Compare(section(a.Path), section(b.Path)), cmp.Compare(a.Path, b.Path))
	})
	count := map[support.Level]int{}
	for _, r := range rules {
		count[r.Level]++
	}
	fmt.Fprintf(out, "\n## %s\n\n%d lines: %d implemented, %d stored, %d refused.\n", kind, len(rules),
		count[support.LevelImplemented], count[support.LevelStored], count[support.LevelRefused])
	last := ""
	for _, r := range rules {
		if s := section(r.Path); s != last {
			last = s
			fmt.Fprintf(out, "\n### %s\n\n| field | | |\n|---|---|---|\n", s)
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", r.Path, r.Level, note(r))
	}
}

func note(r support.Rule) string {
	text := strings.Replace(r.Note, " by this version of virtplane", "", 1)
	if r.Values != nil {
		values := strings.Join(r.Values, ", ")
		if text != "" {
			text += "; "
		}
		text += "accepted: " + values
	}
	return text
}

// section groups the fields by the part of the object that they belong to: two steps below the spec at most.
func section(path string) string {
	steps := strings.Split(path, ".")
	switch {
	case len(steps) > 4 && steps[1] == "domain" && steps[2] == "devices" && strings.HasSuffix(steps[3], "[]"):
		return strings.Join(steps[:4], ".")
	case len(steps) > 3 && steps[1] == "domain":
		return strings.Join(steps[:3], ".")
	case len(steps) > 2 && strings.HasSuffix(steps[1], "[]"), len(steps) > 2 && steps[1] == "domain":
		return strings.Join(steps[:2], ".")
	}
	return steps[0]
}
