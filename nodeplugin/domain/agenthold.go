// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"reflect"
	"time"

	"github.com/virtplane/virtplane/launcher/guestinfo"
	"github.com/virtplane/virtplane/launcher/session"
)

// agentEvery is how often the word of a guest's agent may change the status of its instance: whoever
// controls the guest could have it written all the time.
const agentEvery = 10 * time.Second

// agentHold holds back what an agent says for as long as it has changed its mind too recently.
type agentHold struct {
	// shown is what the agent counts as saying; free is when that may change again.
	shown agentWord
	free  time.Time
	// waiting is set while release will be called.
	waiting *time.Timer
}

// agentWord is what a report has of the agent.
type agentWord struct {
	connected bool
	status    *guestinfo.Status
}

// apply returns facts with the word of the agent that counts now. It has release called when another one may.
func (h *agentHold) apply(f Facts, now time.Time, release func()) Facts {
	if f.Report == nil || f.Report.State == session.StateShutdown || f.Report.State == session.StateFailed {
		return f
	}
	said := agentWord{f.Report.AgentConnected, f.Report.Agent}
	if s, t := h.shown.status, said.status; s != nil && t != nil && s.Frozen != t.Frozen {
		// Whoever froze the file systems waits for this.
		next := *s
		next.Frozen = t.Frozen
		h.shown.status = &next
	}
	if !reflect.DeepEqual(said, h.shown) {
		if now.Before(h.free) {
			if h.waiting == nil {
				h.waiting = time.AfterFunc(h.free.Sub(now), release)
			}
		} else {
			h.shown, h.free = said, now.Add(agentEvery)
		}
	}
	report := *f.Report
	report.AgentConnected, report.Agent = h.shown.connected, h.shown.status
	f.Report = &report
	return f
}
