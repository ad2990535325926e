// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package linearizability

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Event is what a watch told of an object.
type Event struct {
	Name    string
	Value   string
	Version int64
	Deleted bool
}

// Stored is an object as a list shows it.
type Stored struct {
	Value   string
	Version int64
}

// List is what a list returned: the objects by name as they were at Version.
type List struct {
	Version int64
	Objects map[string]Stored
}

// Watch is what one watch told, from a list on. A server that was started again does not know what came before, so its
// clients list and watch anew.
type Watch struct {
	Base   List
	Events []Event
}

// End returns the version up to which the watch has told everything.
func (w *Watch) End() int64 {
	if n := len(w.Events); n > 0 {
		return w.Events[n-1].Version
	}
	return w.Base.Version
}

// Check tells every way in which the watch differs from the truth: the writes that were acknowledged, and what lists
// returned at their versions.
func (w *Watch) Check(writes map[int64]Request, lists []List) []string {
	var problems []string
	previous := w.Base.Version
	byVersion := map[int64]Event{}
	for _, e := range w.Events {
		if e.Version <= previous {
			problems = append(problems, fmt.Sprintf("%+v comes after version %d", e, previous))
		}
		previous = e.Version
		byVersion[e.Version] = e
	}
	for version, write := range writes {
		if version <= w.Base.Version || version > w.End() {
			continue
		}
		if e, ok := byVersion[version]; !ok || e.Deleted || e.Name != write.Name || e.Value != write.Value {
			problems = append(problems, fmt.Sprintf("acknowledged %+v at %d, the watch told %+v (%t)", write, version, e, ok))
		}
	}
	return append(problems, w.checkLists(lists)...)
}

// checkLists replays the events up to the version of each list.
func (w *Watch) checkLists(lists []List) []string {
	var problems []string
	lists = slices.Clone(lists)
	slices.SortFunc(lists, func(a, b List) int { return cmp.Compare(a.Version, b.Version) })
	objects, next := maps.Clone(w.Base.Objects), 0
	for _, list := range lists {
		if list.Version < w.Base.Version || list.Version > w.End() {
			continue
		}
		for ; next < len(w.Events) && w.Events[next].Version <= list.Version; next++ {
			if e := w.Events[next]; e.Deleted {
				delete(objects, e.Name)
			} else {
				objects[e.Name] = Stored{Value: e.Value, Version: e.Version}
			}
		}
		if !maps.Equal(objects, list.Objects) {
			problems = append(problems, fmt.Sprintf("the list at %d is %v, the events up to there say %v", list.Version, list.Objects, objects))
		}
	}
	return problems
}

// Untold returns the acknowledged writes that none of the watches was there to tell.
func Untold(watches []Watch, writes map[int64]Request) map[int64]Request {
	untold := maps.Clone(writes)
	maps.DeleteFunc(untold, func(version int64, _ Request) bool {
		return slices.ContainsFunc(watches, func(w Watch) bool { return w.Base.Version < version && version <= w.End() })
	})
	return untold
}
