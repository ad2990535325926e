// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/session"
)

func TestVerbsOfTheAgent(t *testing.T) {
	l, h, _ := running(t, obedient)
	do := func(verb session.Verb, arguments string) (any, error) {
		return l.onCommand(t.Context(), &session.Command{Verb: verb, Arguments: json.RawMessage(arguments)})
	}
	all := []session.Verb{session.VerbGuestInfo, session.VerbUsers, session.VerbFilesystems, session.VerbFreeze, session.VerbUnfreeze}
	for _, verb := range all {
		if _, err := do(verb, ""); err == nil || err.Error() != session.AgentNotConnected {
			t.Errorf("%s without an agent: %v", verb, err)
		}
	}
	agentAnswers(t, l)
	l.mu.Lock()
	if connected, status := l.report.AgentConnected, l.report.Agent; !connected || status == nil {
		t.Errorf("reported %v, %+v", connected, status)
	}
	l.mu.Unlock()
	if _, err := do(session.VerbFreeze, `{"thawAfterSeconds":"x"}`); err == nil || !strings.Contains(err.Error(), "decode arguments of freeze") {
		t.Errorf("nonsense: %v", err)
	}
	if _, err := do(session.VerbUsers, ""); err == nil || !strings.Contains(err.Error(), "the guest agent refused guest-get-users") {
		t.Errorf("an agent that does not know users: %v", err)
	}
	h.mu.Lock()
	h.noAgent = true
	h.mu.Unlock()
	for _, verb := range all {
		if _, err := do(verb, ""); err == nil || err.Error() != session.AgentSilent {
			t.Errorf("%s of an agent that is silent: %v", verb, err)
		}
	}
	l.stopping.Store(true)
	if _, err := do(session.VerbFreeze, ""); err == nil || err.Error() != errStopping.Error() {
		t.Errorf("a guest that ends is frozen: %v", err)
	}
	l.mu.Lock()
	l.agent = nil
	l.mu.Unlock()
	for _, verb := range all {
		if _, err := do(verb, ""); err == nil || err.Error() != errNotRunning.Error() {
			t.Errorf("%s before the guest runs: %v", verb, err)
		}
	}
}

// An agent that has taken the order is trusted for a while, and then the button is pressed like in any other guest.
func TestAgentIsAskedToShutDownOnce(t *testing.T) {
	l, h, _ := running(t, obedient)
	agentAnswers(t, l)
	for range 3 {
		l.askToShutDown(t.Context())
	}
	if h.history() != "agent" {
		t.Errorf("calls: %s", h.history())
	}
	l.obeyed.Store(time.Now().Add(-time.Second).UnixNano())
	l.askToShutDown(t.Context())
	if h.history() != "agent button" {
		t.Errorf("calls: %s", h.history())
	}
}
