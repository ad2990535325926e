// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package linearizability

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// object is the state of one object.
type object struct {
	exists bool
	value  string
	// version is its resourceVersion; 0 when it was written by a request that nobody got an answer to, and was not
	// read since.
	version int64
	// floor is the highest resourceVersion that is known to be behind it.
	floor int64
}

// model is what a store of single objects may answer.
var model = (&porcupine.NondeterministicModel{
	Partition: partition,
	Init:      func() []any { return []any{object{}} },
	Step: func(state, input, output any) []any {
		return step(state.(object), input.(Request), output.(Answer))
	},
	Equal:             func(a, b any) bool { return a == b },
	DescribeOperation: describe,
	DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
}).ToModel()

// partition takes the objects one by one: no request is about two of them.
func partition(history []porcupine.Operation) [][]porcupine.Operation {
	byName := map[string][]porcupine.Operation{}
	for _, o := range history {
		name := o.Input.(Request).Name
		byName[name] = append(byName[name], o)
	}
	var parts [][]porcupine.Operation
	for _, part := range byName {
		parts = append(parts, part)
	}
	return parts
}

// step returns the states that the object may have after a request with that answer; none when the answer is impossible.
func step(s object, r Request, a Answer) []any {
	if a.Outcome == Unknown {
		return unknown(s, r)
	}
	switch {
	case a.Outcome == Missing:
		return when(!s.exists && r.Verb != Create, s)
	case a.Outcome == Exists:
		return when(s.exists && r.Verb == Create, s)
	case a.Outcome == Conflict:
		return when(s.exists && (r.Verb == Update || r.Verb == Delete) && s.version != r.Version, s)
	}
	switch r.Verb {
	case Create:
		return when(!s.exists && a.Version > s.floor, object{exists: true, value: r.Value, version: a.Version, floor: a.Version})
	case Update:
		return when(s.builtOn(r) && a.Version > s.floor && a.Version > r.Version, object{exists: true, value: r.Value, version: a.Version, floor: a.Version})
	case Delete:
		return when(s.builtOn(r), object{floor: r.Version})
	default:
		known := s
		known.version, known.floor = a.Version, a.Version
		return when(s.exists && s.value == a.Value && (s.version == a.Version || (s.version == 0 && a.Version > s.floor)), known)
	}
}

// unknown returns both that the request was not carried out and that it was.
func unknown(s object, r Request) []any {
	switch r.Verb {
	case Create:
		if !s.exists {
			return []any{s, object{exists: true, value: r.Value, floor: s.floor}}
		}
	case Update:
		if s.builtOn(r) {
			return []any{s, object{exists: true, value: r.Value, floor: max(s.floor, r.Version)}}
		}
	case Delete:
		if s.builtOn(r) {
			return []any{s, object{floor: r.Version}}
		}
	}
	return []any{s}
}

func (s object) builtOn(r Request) bool {
	return s.exists && (s.version == r.Version || (s.version == 0 && r.Version > s.floor))
}

func when(possible bool, next object) []any {
	if !possible {
		return nil
	}
	return []any{next}
}

func describe(input, output any) string {
	r, a := input.(Request), output.(Answer)
	return fmt.Sprintf("%s %s %s@%d -> %d %s@%d", r.Verb, r.Name, r.Value, r.Version, a.Outcome, a.Value, a.Version)
}
