// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package linearizability

import (
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

// CheckEvents tells every way in which the events of a watch differ from the truth: the writes that were acknowledged,
// and what lists returned at their versions.
func CheckEvents(events []Event, writes map[int64]Request, lists []List) []string {
	var problems []string
	for i := 1; i < len(events); i++ {
		if events[i].Version <= events[i-1].Version {
			problems = append(problems, fmt.Sprintf("%+v comes after %+v", events[i], events[i-1]))
		}
	}
	byVersion := map[int64]Event{}
	for _, e := range events {
		byVersion[e.Version] = e
	}
	for version, write := range writes {
		if e, ok := byVersion[version]; !ok || e.Deleted || e.Name != write.Name || e.Value != write.Value {
			problems = append(problems, fmt.Sprintf("acknowledged %+v at %d, the watch told %+v (%t)", write, version, e, ok))
		}
	}
	lists = slices.Clone(lists)
	slices.SortFunc(lists, func(a, b List) int { return int(a.Version - b.Version) })
	objects, next := map[string]Stored{}, 0
	for _, list := range lists {
		for ; next < len(events) && events[next].Version <= list.Version; next++ {
			if e := events[next]; e.Deleted {
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
