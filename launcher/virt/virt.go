// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package virt speaks with libvirtd about the one domain of a launcher. The types here need no
// libvirt; the client is built with the tag libvirt_dlopen and loads the library when it is used.
package virt

import (
	"encoding/xml"
	"errors"
	"fmt"
	"sync"
)

// ErrNoDomain is returned when libvirt does not know the domain, because it has ended.
var ErrNoDomain = errors.New("there is no such domain")

// Description is what does not change while a domain runs.
type Description struct {
	// Machine is the machine type in full.
	Machine string
	// MemoryKiB is the guest's memory.
	MemoryKiB uint64
}

// End is how libvirt saw the domain end.
type End int

const (
	// EndUnknown means that libvirt has not told, or not yet.
	EndUnknown End = iota
	// EndShutdown means that the guest switched the machine off.
	EndShutdown
	// EndStopped means that somebody asked libvirt to end the domain.
	EndStopped
	// EndCrashed means that QEMU went away by itself.
	EndCrashed
	// EndPanicked means that the guest's kernel has told of its crash.
	EndPanicked
)

// Signals collects what libvirt's events say until somebody looks. Nothing is lost when events
// come faster than they are looked at: an end stays known, everything else is read anew.
type Signals struct {
	// Changed gets a value when there may be something new.
	Changed chan struct{}
	// Ended is closed when libvirt has told how the domain ended.
	Ended chan struct{}
	// mu guards all below.
	mu    sync.Mutex
	end   End
	agent bool
}

// NewSignals returns empty signals.
func NewSignals() *Signals {
	return &Signals{Changed: make(chan struct{}, 1), Ended: make(chan struct{})}
}

// End returns how the domain ended, as far as libvirt has told.
func (s *Signals) End() End {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// AgentConnected tells that the guest's agent listens.
func (s *Signals) AgentConnected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agent
}

// SetAgent notes whether the guest's agent listens.
func (s *Signals) SetAgent(connected bool) {
	s.mu.Lock()
	s.agent = connected
	s.mu.Unlock()
}

// Tell notes how the domain ended; only the first time counts.
func (s *Signals) Tell(end End) {
	s.mu.Lock()
	if s.end == EndUnknown {
		s.end = end
		close(s.Ended)
	}
	s.mu.Unlock()
	s.changed()
}

func (s *Signals) changed() {
	select {
	case s.Changed <- struct{}{}:
	default:
	}
}

// description is what is read of a domain's XML.
type description struct {
	CurrentMemory uint64 `xml:"currentMemory"`
	OS            struct {
		Type struct {
			Machine string `xml:"machine,attr"`
		} `xml:"type"`
	} `xml:"os"`
	Channels []struct {
		Target struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
		} `xml:"target"`
	} `xml:"devices>channel"`
}

// describe reads a domain's XML.
func (s *Signals) describe(document string) (Description, error) {
	var d description
	if err := xml.Unmarshal([]byte(document), &d); err != nil {
		return Description{}, fmt.Errorf("decode domain: %w", err)
	}
	for _, c := range d.Channels {
		if c.Target.Name == "org.qemu.guest_agent.0" {
			s.SetAgent(c.Target.State == "connected")
		}
	}
	return Description{Machine: d.OS.Type.Machine, MemoryKiB: d.CurrentMemory}, nil
}
