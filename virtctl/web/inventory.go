// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"sync"
)

// news is what a page is told about the list.
type news struct {
	// Rows are new or changed, Gone are no more (NAMESPACE/NAME).
	Rows []row    `json:"rows,omitempty"`
	Gone []string `json:"gone,omitempty"`
	// Listed tells that everything has been told that there is.
	Listed bool `json:"listed,omitempty"`
	// Error is why less than everything is known at the moment. News without one end it.
	Error *failure `json:"error,omitempty"`
}

// inventory joins virtual machines and instances and tells what has changed.
type inventory struct {
	// tell hands news to the page, one after the other.
	tell func(news)
	// mu guards everything below.
	mu        sync.Mutex
	machines  map[place]machineFacts
	instances map[place]instanceFacts
	// listed has the resources of which all is known, and failures those that cannot be followed at the moment.
	listed   map[string]bool
	failures map[string]failure
}

func newInventory(tell func(news)) *inventory {
	return &inventory{
		tell: tell, machines: map[place]machineFacts{}, instances: map[place]instanceFacts{},
		listed: map[string]bool{}, failures: map[string]failure{},
	}
}

// replace notes all there is of one resource; facts is the inventory's map of it.
func replace[F comparable](i *inventory, resource string, facts map[place]F, now map[place]F) {
	i.mu.Lock()
	defer i.mu.Unlock()
	changed := map[place]bool{}
	for p := range facts {
		if _, there := now[p]; !there {
			delete(facts, p)
			changed[p] = true
		}
	}
	for p, f := range now {
		if old, there := facts[p]; !there || old != f {
			facts[p] = f
			changed[p] = true
		}
	}
	i.listed[resource] = true
	delete(i.failures, resource)
	n := i.newsOf(changed)
	n.Listed = i.listed[machines] && i.listed[instances]
	i.tell(n)
}

// set notes one object, or with nil its end.
func set[F comparable](i *inventory, facts map[place]F, p place, f *F) {
	i.mu.Lock()
	defer i.mu.Unlock()
	old, there := facts[p]
	switch {
	case f == nil && !there, f != nil && there && old == *f:
		return
	case f == nil:
		delete(facts, p)
	default:
		facts[p] = *f
	}
	i.tell(i.newsOf(map[place]bool{p: true}))
}

// fail notes that a resource cannot be followed at the moment.
func (i *inventory) fail(resource string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failures[resource] = failureOf(err)
	i.tell(i.newsOf(nil))
}

func (i *inventory) newsOf(changed map[place]bool) news {
	var n news
	for _, resource := range []string{machines, instances} {
		if f, failed := i.failures[resource]; failed && n.Error == nil {
			n.Error = &f
		}
	}
	for p := range changed {
		var machine *machineFacts
		var instance *instanceFacts
		if m, there := i.machines[p]; there {
			machine = &m
		}
		if v, there := i.instances[p]; there {
			instance = &v
		}
		if machine == nil && instance == nil {
			n.Gone = append(n.Gone, join(p.namespace, p.name))
			continue
		}
		n.Rows = append(n.Rows, rowOf(p, machine, instance))
	}
	return n
}
