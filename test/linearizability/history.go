// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package linearizability

import (
	"math"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// Verb is what a client asked for.
type Verb string

const (
	Create Verb = "create"
	Update Verb = "update"
	Get    Verb = "get"
	Delete Verb = "delete"
)

// Request is what a client asked of one object.
type Request struct {
	Verb Verb
	Name string
	// Value is what a write stores; no two writes store the same.
	Value string
	// Version is the resourceVersion that an update or a deletion is about.
	Version int64
}

// Outcome is how a request ended.
type Outcome int

const (
	// Done is success.
	Done Outcome = iota
	// Missing is that there is no such object.
	Missing
	// Exists is that there is one already.
	Exists
	// Conflict is that the object has another resourceVersion.
	Conflict
	// Unknown is no answer, or one that leaves open whether the request was carried out.
	Unknown
)

// Answer is what a client got.
type Answer struct {
	Outcome Outcome
	// Value and Version are those of the object after a write, or as it was read.
	Value   string
	Version int64
}

// History records the requests of many clients.
type History struct {
	begin time.Time

	// mu guards what follows.
	mu         sync.Mutex
	operations []porcupine.Operation
}

// NewHistory returns an empty history that begins now.
func NewHistory() *History { return &History{begin: time.Now()} }

// Now returns the time in the history.
func (h *History) Now() int64 { return int64(time.Since(h.begin)) }

// Add records a request of a client that was sent at call. One of which nothing is known may yet be carried out.
func (h *History) Add(client int, call int64, request Request, answer Answer) {
	back := h.Now()
	if answer.Outcome == Unknown {
		if request.Verb == Get {
			return
		}
		back = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, porcupine.Operation{ClientId: client, Call: call, Input: request, Return: back, Output: answer})
}

// Count returns how many requests there were with each outcome.
func (h *History) Count() map[Outcome]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	count := map[Outcome]int{}
	for _, o := range h.operations {
		count[o.Output.(Answer).Outcome]++
	}
	return count
}

// Writes returns the writes that were acknowledged, by the resourceVersion that they got. Deletions have none.
func (h *History) Writes() map[int64]Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	writes := map[int64]Request{}
	for _, o := range h.operations {
		request, answer := o.Input.(Request), o.Output.(Answer)
		if answer.Outcome == Done && (request.Verb == Create || request.Verb == Update) {
			writes[answer.Version] = request
		}
	}
	return writes
}

// Check tells whether one order explains all answers. It gives up, undecided, after timeout.
func (h *History) Check(timeout time.Duration) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return porcupine.CheckOperationsVerbose(model, h.operations, timeout)
}

// Draw writes a page that shows where the history goes wrong.
func (h *History) Draw(info porcupine.LinearizationInfo, path string) error {
	return porcupine.VisualizePath(model, info, path)
}
