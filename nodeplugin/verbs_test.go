// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"net/http"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

func TestPauseAndUnpause(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	g.connect("")
	c, _, err := g.view(n.client) // waits for the certificate
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if code, _ := g.put("pause", ""); code != http.StatusServiceUnavailable {
		t.Errorf("before a report: %d", code)
	}
	g.report(session.StateRunning)
	n.api.await("tenant", "demo", inPhase(v1.Running))
	for _, tc := range []struct {
		verb, body string
		code       int
		message    string
	}{
		{"unpause", "", 409, `Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "demo": VMI is not paused`},
		{"pause", `{"dryRun":["All"]}`, 200, ""},
		{"pause", "{", 400, "options cannot be read: unexpected EOF"},
	} {
		if code, message := g.put(tc.verb, tc.body); code != tc.code || message != tc.message {
			t.Errorf("%s %s: %d %q", tc.verb, tc.body, code, message)
		}
	}
	go g.answer(session.VerbPause, "cannot acquire state change lock")
	if code, message := g.put("pause", "{}"); code != 500 || !strings.Contains(message, "cannot acquire state change lock") {
		t.Errorf("%d %q", code, message)
	}
	go g.answer(session.VerbPause, "")
	if code, message := g.put("pause", "{}"); code != 200 {
		t.Errorf("%d %q", code, message)
	}
	n.api.awaitEvent("VirtualMachineInstance/demo Normal Paused")
	g.report(session.StatePaused)
	n.api.await("tenant", "demo", func(vmi *v1.VirtualMachineInstance) bool { return vmi.HasCondition(v1.VirtualMachineInstancePaused) })
	if code, message := g.put("pause", ""); code != 409 || !strings.HasSuffix(message, "VMI is already paused") {
		t.Errorf("%d %q", code, message)
	}
	// A launcher that does not answer.
	if code, _ := g.put("unpause", ""); code != http.StatusGatewayTimeout {
		t.Errorf("%d", code)
	}
	g.name = "nobody"
	if code, message := g.put("pause", ""); code != 404 || message != `virtualmachineinstance.kubevirt.io "nobody" not found` {
		t.Errorf("%d %q", code, message)
	}
}

// answer has the launcher take one command, and answer it with the text.
func (g *guest) answer(verb session.Verb, text string) {
	m := g.receive(g.conn)
	if m.Command == nil || m.Command.Verb != verb {
		g.n.t.Errorf("the launcher got %+v, want %s", m.Command, verb)
		return
	}
	g.send(g.conn, &session.Message{Result: &session.Result{ID: m.Command.ID, Error: text}})
}

func TestResetAndSoftReboot(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	g.connect("")
	c, _, err := g.view(n.client) // waits for the certificate
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	g.report(session.StateRunning)
	n.api.await("tenant", "demo", inPhase(v1.Running))
	for _, tc := range []struct {
		verb  session.Verb
		event string
	}{
		{session.VerbReset, "Reset"}, {session.VerbSoftReboot, "SoftRebooted"},
	} {
		t.Run(string(tc.verb), func(t *testing.T) {
			if code, message := g.put(string(tc.verb), `{"dryRun":["All"]}`); code != 200 {
				t.Errorf("dry run: %d %q", code, message)
			}
			go g.answer(tc.verb, "")
			if code, message := g.put(string(tc.verb), ""); code != 200 {
				t.Errorf("%d %q", code, message)
			}
			n.api.awaitEvent("VirtualMachineInstance/demo Normal " + tc.event)
			go g.answer(tc.verb, "the guest is being stopped")
			if code, message := g.put(string(tc.verb), ""); code != 500 || !strings.Contains(message, "the guest is being stopped") {
				t.Errorf("%d %q", code, message)
			}
			// A launcher that was started before there was such a verb.
			go g.answer(tc.verb, `verb "`+string(tc.verb)+`" is not known`)
			if code, message := g.put(string(tc.verb), ""); code != http.StatusNotImplemented || !strings.Contains(message, "stop and start") {
				t.Errorf("%d %q", code, message)
			}
		})
	}
	g.report(session.StatePaused)
	n.api.await("tenant", "demo", func(vmi *v1.VirtualMachineInstance) bool { return vmi.HasCondition(v1.VirtualMachineInstancePaused) })
	if code, message := g.put("softreboot", ""); code != 409 || !strings.HasSuffix(message, "VMI is paused") {
		t.Errorf("soft reboot of a paused guest: %d %q", code, message)
	}
	go g.answer(session.VerbReset, "")
	if code, message := g.put("reset", ""); code != 200 {
		t.Errorf("reset of a paused guest: %d %q", code, message)
	}
	g.report(session.StateShutdown)
	n.api.await("tenant", "demo", inPhase(v1.Succeeded))
	for verb, want := range map[string]string{"reset": "VMI is not running", "softreboot": "VM is not running"} {
		if code, message := g.put(verb, ""); code != 409 || !strings.HasSuffix(message, want) {
			t.Errorf("%s of a guest that has ended: %d %q", verb, code, message)
		}
	}
}
