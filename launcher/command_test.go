// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"strings"
	"testing"

	"github.com/virtplane/virtplane/launcher/session"
)

func TestVerbsAreIdempotent(t *testing.T) {
	l, h, _ := running(t, obedient)
	for _, verb := range []session.Verb{session.VerbUnpause, session.VerbPause, session.VerbPause, session.VerbUnpause, session.VerbUnpause} {
		if _, err := l.onCommand(context.Background(), &session.Command{Verb: verb}); err != nil {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if h.history() != "suspend resume" {
		t.Errorf("calls: %s", h.history())
	}
	l.hypervisor = nil
	if _, err := l.onCommand(context.Background(), &session.Command{Verb: session.VerbPause}); err == nil {
		t.Error("a guest that does not run was paused")
	}
}

// A newer plugin recognises these words; launchers of all versions answer with them.
func TestUnknownVerbIsRefusedInTheWordsThatPluginsKnow(t *testing.T) {
	l, _, _ := running(t, obedient)
	_, err := l.onCommand(context.Background(), &session.Command{Verb: "dance"})
	if err == nil || err.Error() != `verb "dance" is not known` || err.Error() != session.UnknownVerb("dance") {
		t.Fatal(err)
	}
}

func TestReboots(t *testing.T) {
	for name, tc := range map[string]struct {
		verb     session.Verb
		state    session.State
		agent    bool
		noAgent  bool
		stopping bool
		calls    string
		refusal  string
	}{
		"reset of a running guest":          {verb: session.VerbReset, state: session.StateRunning, calls: "reset"},
		"reset of a paused guest":           {verb: session.VerbReset, state: session.StatePaused, calls: "reset"},
		"reset before the guest runs":       {verb: session.VerbReset, state: session.StateStarting, refusal: "does not run yet"},
		"reset of a guest that ends":        {verb: session.VerbReset, state: session.StateRunning, stopping: true, refusal: "is being stopped"},
		"soft reboot by the button":         {verb: session.VerbSoftReboot, state: session.StateRunning, calls: "reboot-button"},
		"soft reboot by the agent":          {verb: session.VerbSoftReboot, state: session.StateRunning, agent: true, calls: "reboot-agent"},
		"soft reboot past an agent that is": {verb: session.VerbSoftReboot, state: session.StateRunning, agent: true, noAgent: true, calls: "reboot-button"},
		"soft reboot of a paused guest":     {verb: session.VerbSoftReboot, state: session.StatePaused, refusal: "unpause it first"},
		"soft reboot before the guest runs": {verb: session.VerbSoftReboot, state: session.StateStarting, refusal: "does not run yet"},
		"soft reboot of a guest that ends":  {verb: session.VerbSoftReboot, state: session.StateRunning, stopping: true, refusal: "is being stopped"},
	} {
		t.Run(name, func(t *testing.T) {
			l, h, _ := running(t, obedient)
			h.state, h.noAgent = tc.state, tc.noAgent
			if tc.agent {
				agentAnswers(t, l)
			}
			l.stopping.Store(tc.stopping)
			_, err := l.onCommand(context.Background(), &session.Command{Verb: tc.verb})
			if (err != nil) != (tc.refusal != "") || err != nil && !strings.Contains(err.Error(), tc.refusal) {
				t.Errorf("got %v, want %q", err, tc.refusal)
			}
			if h.history() != tc.calls {
				t.Errorf("calls: %q, want %q", h.history(), tc.calls)
			}
		})
	}
}
