// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/virtplane/virtplane/launcher/guestinfo"
	"github.com/virtplane/virtplane/launcher/session"
)

// flapping returns facts of an agent that says something else for each i.
func flapping(i int) Facts {
	return said(guestinfo.Interface{Name: "eth0", MAC: "02:00:00:00:00:01", IPs: []string{fmt.Sprintf("192.0.2.%d", i%250+1)}})
}

func TestAnAgentThatChangesItsMindIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &agentHold{}
		var mu sync.Mutex // as a guest's
		var facts Facts
		shown, changes := "", 0
		var submit func(change func())
		submit = func(change func()) {
			mu.Lock()
			defer mu.Unlock()
			change()
			f := h.apply(facts, time.Now(), func() { submit(func() { h.waiting = nil }) })
			if text := fmt.Sprintf("%v %+v", f.Report.AgentConnected, f.Report.Agent.Interfaces); text != shown {
				shown = text
				changes++
			}
		}
		submit(func() { facts = flapping(0) })
		if changes != 1 {
			t.Fatal("the first word is held back")
		}
		for i := range 600 {
			submit(func() { facts = flapping(i) })
			time.Sleep(100 * time.Millisecond) // by the clock of the bubble, which jumps
		}
		if changes > 8 {
			t.Errorf("%d changes in a minute", changes)
		}
		submit(func() { facts = flapping(77) })
		time.Sleep(2 * agentEvery) // likewise
		synctest.Wait()
		if want := fmt.Sprintf("%v %+v", true, facts.Report.Agent.Interfaces); shown != want {
			t.Errorf("the last word is lost: %s, want %s", shown, want)
		}
		before := changes
		for range 100 {
			submit(func() {})
			time.Sleep(time.Second) // likewise
		}
		if changes != before {
			t.Error("the same word counts as another one")
		}
	})
}

func TestAConnectionThatFlapsIsHeldBack(t *testing.T) {
	now := time.Unix(1000, 0)
	h := &agentHold{}
	last, changes := false, 0
	for i := range 1000 {
		f := with(func(f *Facts) { f.Report.AgentConnected = i%2 == 0 })
		if got := h.apply(f, now, func() {}); got.Report.AgentConnected != last {
			last = got.Report.AgentConnected
			changes++
		}
		now = now.Add(100 * time.Millisecond)
	}
	if changes > 12 {
		t.Errorf("%d changes in 100 seconds", changes)
	}
}

func TestFreezingAndTheEndAreToldAtOnce(t *testing.T) {
	now := time.Unix(1000, 0)
	h := &agentHold{}
	h.apply(flapping(0), now, func() {})
	f := flapping(1)
	f.Report.Agent.Frozen = true
	got := h.apply(f, now.Add(time.Second), func() {}).Report.Agent
	if !got.Frozen || got.Interfaces[0].IPs[0] != "192.0.2.1" {
		t.Errorf("got %+v", got)
	}
	if !f.Report.Agent.Frozen || f.Report.Agent.Interfaces[0].IPs[0] != "192.0.2.2" {
		t.Error("what the launcher reported was changed")
	}
	end := with(func(f *Facts) { f.Report.State = session.StateShutdown })
	if got := h.apply(end, now.Add(2*time.Second), func() {}); got.Report.AgentConnected || got.Report.State != session.StateShutdown {
		t.Errorf("got %+v", got.Report)
	}
}
