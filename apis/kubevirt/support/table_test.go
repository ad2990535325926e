// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// TestEveryFieldHasOneRule holds that nobody adds a field to the API without a decision on it.
func TestEveryFieldHasOneRule(t *testing.T) {
	all := func(*Rule) bool { return true }
	_, problems := compile(reflect.TypeFor[v1.VirtualMachineInstanceSpec](), "spec", "", Instance(), all)
	_, more := compile(reflect.TypeFor[v1.VirtualMachineSpec](), "spec", template, Machine(), all)
	for _, problem := range slices.Concat(problems, more) {
		t.Error(problem)
	}
}

func TestTheTableFindsItsOwnProblems(t *testing.T) {
	rules := Instance()
	with := func(path string) []Rule { return append(slices.Clone(rules), implemented(path)) }
	missing := slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return r.Path == "spec.hostname" })
	for _, c := range []struct {
		name  string
		rules []Rule
		want  string
	}{
		{"a field without a rule", missing, `spec.hostname: has 0 rules, wants one: []`},
		{"a rule without a field", with("spec.colour"), `spec.colour: there is no such field`},
		{"two rules for one field", with("spec.hostname"), `spec.hostname: has two rules`},
		{"a rule inside of another's field", with("spec.volumes[].secret.optional"),
			`spec.volumes[].secret.optional: has 2 rules, wants one: ["spec.volumes[].secret" "spec.volumes[].secret.optional"]`},
	} {
		_, problems := compile(reflect.TypeFor[v1.VirtualMachineInstanceSpec](), "spec", "", c.rules, (*Rule).refuses)
		if len(problems) != 1 || problems[0] != c.want {
			t.Errorf("%s: got %q, want %q", c.name, problems, c.want)
		}
	}
}

// TestNotesTellWhatToDo holds that nobody is told no without a reason.
func TestNotesTellWhatToDo(t *testing.T) {
	for _, r := range slices.Concat(Instance(), Machine()) {
		switch r.Level {
		case LevelImplemented:
		case LevelStored:
			if r.Note == "" {
				t.Errorf("%s: is stored, and nothing tells why that does no harm", r.Path)
			}
		case LevelRefused:
			if !strings.Contains(r.Note, "; ") {
				t.Errorf("%s: is refused, and %q does not tell what to do instead", r.Path, r.Note)
			}
		default:
			t.Errorf("%s: has level %q", r.Path, r.Level)
		}
		if strings.ContainsAny(r.Note, "|\n") || strings.HasSuffix(r.Note, ".") {
			t.Errorf("%s: %q does not fit into a message and a table", r.Path, r.Note)
		}
	}
}
