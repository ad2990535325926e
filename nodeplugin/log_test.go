// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// askLog opens a log as virt-apiserver does.
func (g *guest) askLog(query string) *http.Response {
	g.n.t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: g.n.client, DisableKeepAlives: true}}
	// Nothing tells that the server has its first certificate; a client tries again.
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		answer, err := client.Get("https://" + g.n.config.StreamAddress + g.path("log") + "?" + query)
		if err == nil {
			g.n.t.Cleanup(func() { answer.Body.Close() })
			return answer
		}
		if time.Now().After(deadline) {
			g.n.t.Fatal(err)
		}
	}
}

// log returns what is kept, or the message of the refusal.
func (g *guest) log(query string) string {
	g.n.t.Helper()
	answer := g.askLog(query)
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		g.n.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		var status metav1.Status
		if json.Unmarshal(body, &status) != nil || status.Kind != "Status" {
			g.n.t.Errorf("log: %d without a Status", answer.StatusCode)
		}
		return status.Message
	}
	if kind := answer.Header.Get("Content-Type"); kind != "text/plain" {
		g.n.t.Errorf("the log is %s", kind)
	}
	return string(body)
}

// belong gives the instance to the virtual machine of that UID, and waits until the node has noted it.
func (g *guest) belong(vmi *v1.VirtualMachineInstance, owner types.UID) {
	g.n.t.Helper()
	vmi = vmi.DeepCopy()
	vmi.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "kubevirt.io/v1", Kind: "VirtualMachine", Name: g.name, UID: owner, Controller: ptr.To(true),
	}}
	g.n.api.put(vmi)
	index := filepath.Join(g.n.config.Layout.Logs(), vmi.Namespace, vmi.Name, string(vmi.UID)+".log.index")
	noted := func(context.Context) (bool, error) {
		raw, err := os.ReadFile(index)
		return strings.Contains(string(raw), string(owner)), err
	}
	if err := wait.PollUntilContextTimeout(g.n.t.Context(), 5*time.Millisecond, patience, true, noted); err != nil {
		g.n.t.Fatalf("note the owner: %v", err)
	}
}

func TestLogOutlivesTheGuestAndTheProcess(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	g.connect("one\ntwo\nthree\n")
	g.report(session.StateRunning)
	g.belong(n.api.await("tenant", "demo", inPhase(v1.Running)), "vm-uid")
	c, _, err := g.view(n.client)
	if err != nil {
		t.Fatal(err)
	}
	hears(t, c, "three\n")
	for query, want := range map[string]string{
		"run=uid-demo":                "one\ntwo\nthree\n",
		"run=uid-demo&tailLines=2":    "two\nthree\n",
		"run=uid-demo&tailBytes=4":    "ree\n",
		"run=uid-demo&tailLines=0":    "",
		"run=uid-demo&previous=true":  "this node keeps no log of the run before",
		"run=uid-other":               "this node keeps no log of the guest's serial console",
		"run=uid-demo&tailLines=many": `tailLines: "many" is not a number from 0 on`,
		"run=uid-demo&tailBytes=-1":   `tailBytes: "-1" is not a number from 0 on`,
		"run=uid-demo&follow=perhaps": `follow: "perhaps" is neither true nor false`,
	} {
		if got := g.log(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}

	// A reader that counts goes on at its place.
	for at, want := range map[string]string{"uid-demo:4": "two\nthree\n", "uid-demo:14": "", "uid-demo:1000": ""} {
		if got := g.log("run=uid-demo&position=" + at); got != want {
			t.Errorf("from %s: %q, want %q", at, got, want)
		}
	}
	if got := g.askLog("run=uid-demo&tailLines=1").Header.Get(v1.ConsolePositionHeader); got != "uid-demo:8" {
		t.Errorf("the last line is at %q", got)
	}

	follower := bufio.NewReader(g.askLog("run=uid-demo&follow=true&tailLines=1").Body)
	expect := func(want string) {
		t.Helper()
		if got, err := follower.ReadString('\n'); got != want || err != nil {
			t.Errorf("the follower got %q, %v, want %q", got, err, want)
		}
	}
	expect("three\n")
	io.WriteString(g.console.Socket(), "four\n")
	expect("four\n")
	io.WriteString(g.console.Socket(), "Power down\n")
	expect("Power down\n")
	g.report(session.StateShutdown)
	g.console.Socket().Close()
	if rest, err := io.ReadAll(follower); len(rest) > 0 || err != nil {
		t.Errorf("the follower's end is %q, %v", rest, err)
	}
	all := "one\ntwo\nthree\nfour\nPower down\n"
	if got := g.log("run=uid-demo&follow=true"); got != all {
		t.Errorf("while the pod is there: %q", got)
	}
	g.unpublish()
	n.api.remove("tenant", "demo")
	for _, moment := range []string{"after the instance", "after a restart"} {
		if got := g.log("owner=vm-uid"); got != all {
			t.Errorf("%s: %q", moment, got)
		}
		if got := g.log("owner=vm-uid&position=uid-demo:14"); got != "four\nPower down\n" {
			t.Errorf("%s, from a position: %q", moment, got)
		}
		if got := g.askLog("owner=vm-uid").Header.Get(v1.ConsolePositionHeader); got != "uid-demo:0" {
			t.Errorf("%s: the log is at %q", moment, got)
		}
		if got := g.log("owner=other-vm"); got != "this node keeps no log of the guest's serial console" {
			t.Errorf("%s, of another owner: %q", moment, got)
		}
		if moment == "after the instance" {
			n.stop()
			n.start()
		}
	}
}

// TestConsoleGoesOnAtItsPosition restarts the node plugin while the guest puts out more than scrollback holds.
func TestConsoleGoesOnAtItsPosition(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	serial := "login: "
	g.connect(serial)
	g.report(session.StateRunning)
	n.api.await("tenant", "demo", inPhase(v1.Running))
	c, answer, err := g.viewAt("")
	if err != nil {
		t.Fatal(err)
	}
	hears(t, c, serial)
	if got := answer.Header.Get(v1.ConsolePositionHeader); got != "uid-demo:0" {
		t.Errorf("the output begins at %q", got)
	}
	n.stop()
	n.start()
	missed := strings.Repeat("all work and no play\n", 20000) + "# "
	g.connect(serial + missed)
	g.report(session.StateRunning)
	if c, answer, err = g.viewAt("uid-demo:7"); err != nil {
		t.Fatal(err)
	}
	if got := hears(t, c, "# "); got != missed {
		t.Errorf("got %d bytes, want %d", len(got), len(missed))
	}
	if got := answer.Header.Get(v1.ConsolePositionHeader); got != "uid-demo:7" {
		t.Errorf("the output goes on at %q", got)
	}
	// A position in a run that is over means nothing here.
	if c, _, err = g.viewAt("uid-former:7"); err != nil {
		t.Fatal(err)
	}
	if got := hears(t, c, "# "); len(got) != 64<<10 {
		t.Errorf("scrollback of %d bytes", len(got))
	}
}

// viewAt opens a console at a position.
func (g *guest) viewAt(position string) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{TLSClientConfig: g.n.client, HandshakeTimeout: 5 * time.Second}
	// Nothing tells that the server has its first certificate; a client tries again.
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		c, answer, err := dialer.Dial("wss://"+g.n.config.StreamAddress+g.path("console")+"?position="+position, nil)
		if err == nil || answer != nil || time.Now().After(deadline) {
			return c, answer, err
		}
	}
}

// TestFollowersOfAFloodEnd has one that reads, one that leaves and one that stands still.
func TestFollowersOfAFloodEnd(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	g.connect("begin\n")
	g.report(session.StateRunning)
	n.api.await("tenant", "demo", inPhase(v1.Running))
	counting := g.askLog("run=uid-demo&follow=true&position=")
	reader, leaver, still := g.askLog("run=uid-demo&follow=true"), g.askLog("run=uid-demo&follow=true"), g.askLog("run=uid-demo&follow=true")
	for _, answer := range []*http.Response{reader, leaver, still} {
		if _, err := io.ReadFull(answer.Body, make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
	}
	leaver.Body.Close()
	const lines = 1 << 20
	go func() {
		io.WriteString(g.console.Socket(), strings.Repeat("0123456789abcde\n", lines))
		io.WriteString(g.console.Socket(), "END\n")
		g.console.Socket().Close()
		g.report(session.StateShutdown)
	}()
	read, err := io.ReadAll(reader.Body)
	if err != nil || len(read) != 16*lines+4 {
		t.Fatalf("the reader got %d bytes, want %d, %v", len(read), 16*lines+4, err)
	}
	// Who counts is told by the end of the answer that something is missing, and asks again.
	counted, err := io.ReadAll(counting.Body)
	if err == nil || strings.Contains(string(counted), "skipped") || !strings.HasPrefix(strings.Repeat("0123456789abcde\n", lines), strings.TrimPrefix(string(counted), "begin\n")) {
		t.Errorf("who counts got %d bytes, %v", len(counted), err)
	}
	late, err := io.ReadAll(still.Body)
	if err != nil || len(late) >= 16*lines || !strings.HasSuffix(string(late), "END\n") || !strings.Contains(string(late), "bytes of output skipped]") {
		t.Errorf("who stood still got %d bytes that end with %q, %v", len(late), late[max(0, len(late)-20):], err)
	}
}
