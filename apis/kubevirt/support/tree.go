// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"fmt"
	"reflect"
	"strings"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// template is the part of a virtual machine's spec that has the rules of an instance.
const template = "spec.template.spec"

// ofInstances and ofMachines return the trees of the wanted rules. Problems of the tables are found by tests.
func ofInstances(wanted func(*Rule) bool) *node {
	n, _ := compile(reflect.TypeFor[v1.VirtualMachineInstanceSpec](), "spec", "", Instance(), wanted)
	return n
}

func ofMachines(wanted func(*Rule) bool) *node {
	n, _ := compile(reflect.TypeFor[v1.VirtualMachineSpec](), "spec", template, Machine(), wanted)
	return n
}

// node is a field with rules that are looked for, at or below it.
type node struct {
	// name is the field's JSON name, empty where its own fields take its place.
	name     string
	index    int
	rule     *Rule
	children []*node
}

// leaf is a field that has no fields of its own in this API, with its place in the Go type.
type leaf struct {
	path string
	// steps are the fields on the way, from the type's root.
	steps []step
}

type step struct {
	name  string
	path  string
	index int
}

// home is the package whose structs are told apart by their fields; those of others are one field each.
var home = reflect.TypeFor[v1.VirtualMachine]().PkgPath()

// leaves returns every leaf of t whose path begins with root. except is a path that is left out with all below it.
func leaves(t reflect.Type, root, except string) []leaf {
	var list []leaf
	collect(t, root, except, nil, &list)
	return list
}

func collect(t reflect.Type, path, except string, steps []step, list *[]leaf) {
	switch t.Kind() {
	case reflect.Pointer:
		collect(t.Elem(), path, except, steps, list)
		return
	case reflect.Slice:
		if elem := t.Elem(); elem.Kind() == reflect.Struct && descend(elem) {
			collect(elem, path+"[]", except, steps, list)
			return
		}
	case reflect.Struct:
		if len(steps) == 0 || descend(t) || steps[len(steps)-1].name == "" {
			fields(t, path, except, steps, list)
			return
		}
	}
	*list = append(*list, leaf{path: path, steps: steps})
}

func fields(t reflect.Type, path, except string, steps []step, list *[]leaf) {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		p := path
		if name != "" {
			p += "." + name
		}
		if p == except {
			continue
		}
		next := append(steps[:len(steps):len(steps)], step{name: name, path: p, index: i})
		collect(t.Field(i).Type, p, except, next, list)
	}
}

// descend tells that the fields of t are told apart.
func descend(t reflect.Type) bool { return t.NumField() > 0 && t.PkgPath() == home }

// compile lays the rules that are wanted out as the tree of the type's fields, so that a check looks at nothing
// else. It returns the problems of the table: fields without a rule, and rules without a field.
func compile(t reflect.Type, root, except string, rules []Rule, wanted func(*Rule) bool) (*node, []string) {
	var problems []string
	byPath := map[string]*Rule{}
	used := map[string]bool{}
	for i := range rules {
		if byPath[rules[i].Path] != nil {
			problems = append(problems, fmt.Sprintf("%s: has two rules", rules[i].Path))
		}
		byPath[rules[i].Path] = &rules[i]
	}
	top := &node{}
	for _, l := range leaves(t, root, except) {
		var found []string
		for i, s := range l.steps {
			rule := byPath[s.path]
			if rule == nil || s.name == "" {
				continue
			}
			found = append(found, s.path)
			used[s.path] = true
			if wanted(rule) {
				top.add(l.steps[:i+1], rule)
			}
		}
		if len(found) != 1 {
			problems = append(problems, fmt.Sprintf("%s: has %d rules, wants one: %q", l.path, len(found), found))
		}
	}
	for path := range byPath {
		if !used[path] {
			problems = append(problems, fmt.Sprintf("%s: there is no such field", path))
		}
	}
	return top, problems
}

func (n *node) add(steps []step, rule *Rule) {
	for _, s := range steps {
		n = n.child(s)
	}
	n.rule = rule
}

func (n *node) child(s step) *node {
	for _, c := range n.children {
		if c.index == s.index {
			return c
		}
	}
	c := &node{name: s.name, index: s.index}
	n.children = append(n.children, c)
	return c
}
