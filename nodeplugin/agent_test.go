// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/guestinfo"
	"github.com/virtplane/virtplane/launcher/session"
)

// get asks a question as virt-apiserver does, and returns the code and the body.
func (g *guest) get(verb string) (int, string) {
	g.n.t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: g.n.client, DisableKeepAlives: true}}
	answer, err := client.Get("https://" + g.n.config.StreamAddress + g.path(verb))
	if err != nil {
		g.n.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.Header.Get("Content-Type") != "application/json" {
		g.n.t.Errorf("%s: %v, content type %q", verb, err, answer.Header.Get("Content-Type"))
	}
	return answer.StatusCode, strings.TrimSpace(string(body))
}

// answerWith has the launcher take one command and answer it; the channel has the command's arguments then.
func (g *guest) answerWith(verb session.Verb, data, text string) chan string {
	arguments := make(chan string, 1)
	go func() {
		m := g.receive(g.conn)
		if m.Command == nil || m.Command.Verb != verb {
			g.n.t.Errorf("the launcher got %+v, want %s", m.Command, verb)
			return
		}
		arguments <- string(m.Command.Arguments)
		g.send(g.conn, &session.Message{Result: &session.Result{ID: m.Command.ID, Error: text, Data: json.RawMessage(data)}})
	}()
	return arguments
}

// up returns a guest that runs and whose agent is connected.
func (n *testNodePlugin) up(name string) *guest {
	n.t.Helper()
	g := n.schedule(name)
	g.connect("")
	c, _, err := g.view(n.client) // waits for the certificate
	if err != nil {
		n.t.Fatal(err)
	}
	c.Close()
	g.reportAgent(&guestinfo.Status{OS: v1.VirtualMachineInstanceGuestOSInfo{ID: "debian"}})
	n.api.await("tenant", name, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected) && vmi.Status.GuestOSInfo.ID == "debian"
	})
	return g
}

func (g *guest) reportAgent(status *guestinfo.Status) {
	g.n.t.Helper()
	g.send(g.conn, &session.Message{Report: &session.Report{
		State: session.StateRunning, Emulated: true, Disks: map[string]string{"root": "vda"}, AgentConnected: true, Agent: status,
	}})
}

func TestQuestionsToTheAgent(t *testing.T) {
	n := newTestNode(t)
	g := n.up("demo")
	g.answerWith(session.VerbUsers, `{"items":[{"userName":"debian","loginTime":12.5}]}`, "")
	if code, body := g.get("userlist"); code != 200 ||
		body != `{"kind":"VirtualMachineInstanceGuestOSUserList","apiVersion":"kubevirt.io/v1","metadata":{},"items":[{"userName":"debian","loginTime":12.5}]}` {
		t.Errorf("%d %s", code, body)
	}
	g.answerWith(session.VerbGuestInfo, `{"hostname":"demo\u001b","fsFreezeStatus":"x"}`, "")
	if code, body := g.get("guestosinfo"); code != 200 || !strings.Contains(body, `"hostname":"demo"`) || !strings.Contains(body, `"fsFreezeStatus":"thawed"`) {
		t.Errorf("%d %s", code, body)
	}
	// As much as a frame of a launcher that the guest has taken over can hold.
	g.answerWith(session.VerbFilesystems, `{"items":[`+strings.TrimSuffix(strings.Repeat(`{"diskName":"x"},`, 3000), ",")+"]}", "")
	if code, body := g.get("filesystemlist"); code != 200 || len(body) > 50<<10 || strings.Count(body, "diskName") > 256 {
		t.Errorf("%d with %d bytes", code, len(body))
	}
	for text, want := range map[string]struct {
		code    int
		message string
	}{
		session.AgentNotConnected:           {409, "VMI does not have guest agent connected"},
		session.AgentSilent:                 {500, session.AgentSilent},
		session.AgentBusy:                   {429, session.AgentBusy},
		`verb "userlist" is not known`:      {501, "stop and start the virtual machine"},
		"the guest agent refused\x1b[2J it": {500, "the guest agent refused [2J it"},
	} {
		g.answerWith(session.VerbUsers, "", text)
		if code, body := g.get("userlist"); code != want.code || !strings.Contains(body, want.message) || !strings.Contains(body, `"kind":"Status"`) {
			t.Errorf("%q: %d %s", text, code, body)
		}
	}
	g.answerWith(session.VerbUsers, `["nonsense"]`, "")
	if code, body := g.get("userlist"); code != 500 || !strings.Contains(body, "cannot be read") {
		t.Errorf("nonsense: %d %s", code, body)
	}
	g.report(session.StatePaused)
	n.api.await("tenant", "demo", func(vmi *v1.VirtualMachineInstance) bool { return vmi.HasCondition(v1.VirtualMachineInstancePaused) })
	if code, body := g.get("userlist"); code != 409 || !strings.Contains(body, "VMI is paused") {
		t.Errorf("paused: %d %s", code, body)
	}
	g.report(session.StateShutdown)
	n.api.await("tenant", "demo", inPhase(v1.Succeeded))
	if code, body := g.get("userlist"); code != 409 || !strings.Contains(body, "VMI is not running") {
		t.Errorf("ended: %d %s", code, body)
	}
}

func TestFreezeAndUnfreeze(t *testing.T) {
	n := newTestNode(t)
	g := n.up("demo")
	for body, want := range map[string]string{
		"":                          "Unfreeze timeout in freeze request is not set",
		"{}":                        "Unfreeze timeout in freeze request is not set",
		`{"unfreezeTimeout":"x"}`:   "options cannot be read",
		`{"unfreezeTimeout":"-1s"}`: "must not be negative",
	} {
		if code, message := g.put("freeze", body); code != 400 || !strings.Contains(message, want) {
			t.Errorf("%s: %d %q", body, code, message)
		}
	}
	for body, want := range map[string]string{
		`{"unfreezeTimeout":"5m0s"}`: `{"thawAfterSeconds":300}`, `{"unfreezeTimeout":"1ms"}`: `{"thawAfterSeconds":1}`, `{"unfreezeTimeout":"0s"}`: "{}",
	} {
		arguments := g.answerWith(session.VerbFreeze, "", "")
		if code, message := g.put("freeze", body); code != 200 {
			t.Errorf("%d %q", code, message)
		}
		if got := <-arguments; got != want {
			t.Errorf("%s: the launcher was asked with %s, want %s", body, got, want)
		}
	}
	g.reportAgent(&guestinfo.Status{Frozen: true})
	n.api.await("tenant", "demo", func(vmi *v1.VirtualMachineInstance) bool { return vmi.Status.FSFreezeStatus == "frozen" })
	g.answerWith(session.VerbUnfreeze, "", "")
	if code, message := g.put("unfreeze", ""); code != 200 {
		t.Errorf("%d %q", code, message)
	}
	g.reportAgent(&guestinfo.Status{})
	n.api.await("tenant", "demo", func(vmi *v1.VirtualMachineInstance) bool { return vmi.Status.FSFreezeStatus == "" })
	g.answerWith(session.VerbFreeze, "", "freeze file systems: the guest agent refused guest-fsfreeze-freeze: no")
	if code, message := g.put("freeze", `{"unfreezeTimeout":"5m0s"}`); code != 500 || !strings.Contains(message, "the guest agent refused") {
		t.Errorf("%d %q", code, message)
	}
	n.api.awaitEvent("VirtualMachineInstance/demo Warning FreezeError")
}
