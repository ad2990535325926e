// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package linearizability

import "testing"

func TestEventsAreHeldAgainstWritesAndLists(t *testing.T) {
	writes := map[int64]Request{2: {Verb: Create, Name: "a", Value: "x"}, 3: {Verb: Update, Name: "a", Value: "y"}}
	lists := []List{{Version: 5, Objects: map[string]Stored{"b": {"v", 5}}}, {Version: 4, Objects: map[string]Stored{}}, {Version: 3, Objects: map[string]Stored{"a": {"y", 3}}}}
	x, y, gone := Event{Name: "a", Value: "x", Version: 2}, Event{Name: "a", Value: "y", Version: 3}, Event{Name: "a", Value: "y", Version: 4, Deleted: true}
	for _, c := range []struct {
		name   string
		events []Event
		good   bool
	}{
		{"all in order", []Event{x, y, gone}, true},
		{"a gap", []Event{x, gone}, false},
		{"out of order", []Event{y, x, gone}, false},
		{"told twice", []Event{x, y, y, gone}, false},
		{"a deletion is not told", []Event{x, y, {Name: "b", Value: "v", Version: 5}}, false},
		{"another value", []Event{x, {Name: "a", Value: "z", Version: 3}, gone}, false},
	} {
		w := Watch{Base: List{Version: 1, Objects: map[string]Stored{}}, Events: c.events}
		if problems := w.Check(writes, lists); (len(problems) == 0) != c.good {
			t.Errorf("%s: %q", c.name, problems)
		}
	}
	late := Watch{Base: lists[2], Events: []Event{gone}}
	if problems := late.Check(writes, lists); len(problems) != 0 {
		t.Errorf("a watch that began later: %q", problems)
	}
	if untold := Untold([]Watch{late}, writes); len(untold) != 2 {
		t.Errorf("untold %v, want both writes", untold)
	}
	whole := Watch{Base: List{Version: 1}, Events: []Event{x, y}}
	if untold := Untold([]Watch{late, whole}, writes); len(untold) != 0 {
		t.Errorf("untold %v", untold)
	}
}
