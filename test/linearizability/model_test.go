// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package linearizability

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// after is a request that begins when the one before it has ended.
func after(h *History, request Request, answer Answer) { h.Add(0, h.Now(), request, answer) }

// TestTheCheckerTellsGoodHistoriesFromBad holds that the check can fail: each bad history is what a store does that
// loses, delays or repeats a write.
func TestTheCheckerTellsGoodHistoriesFromBad(t *testing.T) {
	create := func(h *History, value string, version int64) {
		after(h, Request{Verb: Create, Name: "a", Value: value}, Answer{Outcome: Done, Value: value, Version: version})
	}
	update := func(h *History, value string, on, version int64) {
		after(h, Request{Verb: Update, Name: "a", Value: value, Version: on}, Answer{Outcome: Done, Value: value, Version: version})
	}
	get := func(h *History, value string, version int64) {
		after(h, Request{Verb: Get, Name: "a"}, Answer{Outcome: Done, Value: value, Version: version})
	}
	missing := func(h *History) { after(h, Request{Verb: Get, Name: "a"}, Answer{Outcome: Missing}) }
	lostAnswer := func(h *History, verb Verb, value string, on int64) {
		after(h, Request{Verb: verb, Name: "a", Value: value, Version: on}, Answer{Outcome: Unknown})
	}
	for _, c := range []struct {
		name string
		make func(*History)
		want porcupine.CheckResult
	}{
		{"a life", func(h *History) {
			create(h, "x", 1)
			get(h, "x", 1)
			update(h, "y", 1, 3)
			after(h, Request{Verb: Update, Name: "a", Value: "z", Version: 1}, Answer{Outcome: Conflict})
			after(h, Request{Verb: Create, Name: "a", Value: "z"}, Answer{Outcome: Exists})
			after(h, Request{Verb: Delete, Name: "a", Version: 1}, Answer{Outcome: Conflict})
			after(h, Request{Verb: Delete, Name: "a", Version: 3}, Answer{Outcome: Done})
			missing(h)
		}, porcupine.Ok},
		{"an acknowledged create is lost", func(h *History) { create(h, "x", 1); missing(h) }, porcupine.Illegal},
		{"an acknowledged update is lost", func(h *History) { create(h, "x", 1); update(h, "y", 1, 2); get(h, "x", 1) }, porcupine.Illegal},
		{"an acknowledged update is lost and the next builds on the old", func(h *History) {
			create(h, "x", 1)
			update(h, "y", 1, 2)
			update(h, "z", 1, 3)
		}, porcupine.Illegal},
		{"an acknowledged deletion is undone", func(h *History) {
			create(h, "x", 1)
			after(h, Request{Verb: Delete, Name: "a", Version: 1}, Answer{Outcome: Done})
			get(h, "x", 1)
		}, porcupine.Illegal},
		{"two creates win", func(h *History) { create(h, "x", 1); create(h, "y", 2) }, porcupine.Illegal},
		{"versions go back", func(h *History) { create(h, "x", 5); update(h, "y", 5, 4) }, porcupine.Illegal},
		{"a conflict without a cause", func(h *History) {
			create(h, "x", 1)
			after(h, Request{Verb: Update, Name: "a", Value: "y", Version: 1}, Answer{Outcome: Conflict})
		}, porcupine.Illegal},

		{"a create without an answer was carried out", func(h *History) { lostAnswer(h, Create, "x", 0); get(h, "x", 4); update(h, "y", 4, 5) }, porcupine.Ok},
		{"a create without an answer was not carried out", func(h *History) { lostAnswer(h, Create, "x", 0); missing(h); create(h, "y", 2) }, porcupine.Ok},
		{"a create without an answer is carried out late", func(h *History) { lostAnswer(h, Create, "x", 0); missing(h); get(h, "x", 2) }, porcupine.Ok},
		{"an update without an answer comes and goes", func(h *History) {
			create(h, "x", 1)
			lostAnswer(h, Update, "y", 1)
			get(h, "y", 2)
			get(h, "x", 1)
		}, porcupine.Illegal},
		{"an update without an answer hides one that was acknowledged", func(h *History) {
			create(h, "x", 1)
			update(h, "y", 1, 2)
			lostAnswer(h, Update, "z", 1)
			get(h, "z", 3)
		}, porcupine.Illegal},
		{"a deletion without an answer is carried out", func(h *History) {
			create(h, "x", 1)
			lostAnswer(h, Delete, "", 1)
			missing(h)
			create(h, "y", 3)
		}, porcupine.Ok},
	} {
		h := NewHistory()
		c.make(h)
		if got, _ := h.Check(10 * time.Second); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestRequestsAtTheSameTimeMayHappenInEitherOrder(t *testing.T) {
	h := NewHistory()
	call := h.Now()
	h.Add(1, call, Request{Verb: Create, Name: "a", Value: "x"}, Answer{Outcome: Done, Value: "x", Version: 1})
	h.Add(2, call, Request{Verb: Get, Name: "a"}, Answer{Outcome: Missing})
	if got, _ := h.Check(10 * time.Second); got != porcupine.Ok {
		t.Errorf("%s, want %s", got, porcupine.Ok)
	}
}
