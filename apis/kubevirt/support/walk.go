// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"reflect"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// place is where a value is. It becomes a path only when there is something to tell: most objects have nothing.
type place struct {
	parent *place
	name   string
	index  int
	path   *field.Path
}

func (p *place) field() *field.Path {
	switch {
	case p.path != nil:
		return p.path
	case p.name == "":
		return p.parent.field().Index(p.index)
	}
	return p.parent.field().Child(p.name)
}

// walk calls found with each field of v that a rule is for, in the order of the types.
func (n *node) walk(v reflect.Value, at *place, found func(*Rule, reflect.Value, *place)) {
	for _, c := range n.children {
		f, p := v.Field(c.index), at
		if empty(f) && (c.rule == nil || c.rule.Unset == "") {
			continue
		}
		if c.name != "" {
			p = &place{parent: at, name: c.name}
		}
		if c.rule != nil {
			found(c.rule, f, p)
			continue
		}
		c.below(f, p, found)
	}
}

func (n *node) below(v reflect.Value, at *place, found func(*Rule, reflect.Value, *place)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			n.below(v.Elem(), at, found)
		}
	case reflect.Slice:
		for i := range v.Len() {
			n.below(v.Index(i), &place{parent: at, index: i}, found)
		}
	default:
		n.walk(v, at, found)
	}
}

// empty tells that nothing is set at or below v, where that can be told at once.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct:
		return false
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}
