// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/vishvananda/netlink"
	"k8s.io/apimachinery/pkg/util/wait"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

func readerOf(body string) io.Reader { return strings.NewReader(body) }

func TestLifeOfAGuest(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	g.connect("login: ")
	g.report(session.StateStarting)
	g.report(session.StateRunning)
	vmi := n.api.await("tenant", "demo", inPhase(v1.Running))
	if nic := vmi.Status.Interfaces[0]; nic.IP != "192.0.2.10" || nic.MAC != g.start.Interfaces[0].MAC {
		t.Errorf("interface %+v", nic)
	}
	if !vmi.HasCondition(v1.VirtualMachineInstanceReady) || vmi.Status.VolumeStatus[0].Target != "vda" {
		t.Errorf("status %s", describe(vmi))
	}
	g.report(session.StateShutdown)
	n.api.await("tenant", "demo", inPhase(v1.Succeeded))
	if writes := n.api.count("status"); writes != 2 {
		t.Errorf("%d writes of the status", writes)
	}
	n.api.awaitEvent("VirtualMachineInstance/demo Normal Stopped")
	g.unpublish()
	n.api.remove("tenant", "demo")
	for _, pattern := range []string{g.request.TargetPath, n.config.Layout.Records() + "/*"} {
		var left []string
		gone := func(context.Context) (bool, error) {
			left, _ = filepath.Glob(pattern)
			return len(left) == 0, nil
		}
		if err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, patience, true, gone); err != nil {
			t.Fatalf("left %v: %v", left, err)
		}
	}
	n.api.mu.Lock()
	defer n.api.mu.Unlock()
	if got := strings.Join(n.api.events, ", "); got != "VirtualMachineInstance/demo Normal Started, VirtualMachineInstance/demo Normal Stopped" {
		t.Errorf("events: %s", got)
	}
}

func TestConsoleStreams(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	g.connect("login: ")
	g.report(session.StateRunning)
	n.api.await("tenant", "demo", inPhase(v1.Running))
	first, answer, err := g.view(n.client, "base64url.bearer.authorization.k8s.io.x", "plain.kubevirt.io")
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Sec-Websocket-Protocol"); got != "plain.kubevirt.io" {
		t.Errorf("sub-protocol %q", got)
	}
	second, answer, err := g.view(n.client)
	if err != nil || answer.Header.Get("Sec-Websocket-Protocol") != "" {
		t.Fatalf("without a sub-protocol: %v", err)
	}
	for _, c := range []*websocket.Conn{first, second} {
		if got := hears(t, c, "login: "); got != "login: " {
			t.Errorf("scrollback %q", got)
		}
	}
	first.WriteMessage(websocket.TextMessage, []byte("not for the guest"))
	first.WriteMessage(websocket.BinaryMessage, []byte("root\n"))
	keys := make([]byte, 5)
	if _, err := io.ReadFull(g.console.Socket(), keys); err != nil || string(keys) != "root\n" {
		t.Fatalf("the guest got %q, %v", keys, err)
	}
	g.console.Socket().Write([]byte("root\r\n# "))
	hears(t, first, "root\r\n# ")
	hears(t, second, "root\r\n# ")
	g.report(session.StateShutdown)
	g.console.Socket().Close()
	for _, c := range []*websocket.Conn{first, second} {
		c.SetReadDeadline(time.Now().Add(patience))
		if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("the end is %v", err)
		}
	}
	if _, answer, _ := g.view(n.client); answer == nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("after the end: %+v", answer)
	}
	g.name = "nobody"
	if _, answer, _ := g.view(n.client); answer == nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("unknown: %+v", answer)
	}
}

func TestOnlyTheAPIServerIsServed(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	g.connect("")
	c, _, err := g.view(n.client)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	stranger := newFakeAPI(t)
	noCertificate := n.client.Clone()
	noCertificate.Certificates = nil
	foreignCA := stranger.identity("spiffe://virtplane.io/apiserver", x509.ExtKeyUsageClientAuth)
	foreignCA.VerifyConnection = nil
	for name, config := range map[string]func() error{
		"no certificate": func() error { _, _, err := g.view(noCertificate); return err },
		"another CA":     func() error { _, _, err := g.view(foreignCA); return err },
		"another node's plugin": func() error {
			_, _, err := g.view(n.api.identity("spiffe://virtplane.io/nodeplugin/"+testNode, x509.ExtKeyUsageClientAuth))
			return err
		},
		"a serving certificate": func() error {
			_, _, err := g.view(n.api.identity("spiffe://virtplane.io/apiserver", x509.ExtKeyUsageServerAuth))
			return err
		},
	} {
		if config() == nil {
			t.Errorf("%s: served", name)
		}
	}
}

// TestRestartTouchesNoGuest ends the plugin while a guest runs and the API server is away, and has
// a new one take over.
func TestRestartTouchesNoGuest(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	serial := "one\ntwo\n"
	g.connect(serial)
	g.report(session.StateRunning)
	n.api.await("tenant", "demo", inPhase(v1.Running))
	c, _, err := g.view(n.client)
	if err != nil {
		t.Fatal(err)
	}
	hears(t, c, serial)
	mac := g.start.Interfaces[0].MAC
	n.stop()
	g.pod.Do(t, func() error {
		_, err := netlink.LinkByName("tap0")
		return err
	})
	n.start()
	serial += "three\n" // put out while nobody listened
	g.connect(serial)
	if g.start.Interfaces[0].MAC != mac {
		t.Fatal("the guest has another NIC")
	}
	g.report(session.StateRunning)
	c, _, err = g.view(n.client)
	if err != nil {
		t.Fatal(err)
	}
	if got := hears(t, c, "three\n"); got != serial {
		t.Fatalf("console shows %q", got)
	}
	n.ready()
	if writes := n.api.count("status"); writes != 1 {
		t.Fatalf("%d writes", writes)
	}
	// The API server goes away, then the guest ends, and so does its pod.
	n.api.setAway(true)
	n.ready()
	g.report(session.StateShutdown)
	g.conn.Socket().Close()
	g.unpublish()
	n.api.setAway(false)
	n.api.await("tenant", "demo", inPhase(v1.Succeeded))
}

func TestMetricsAreServed(t *testing.T) {
	n := newTestNode(t)
	g := n.schedule("demo")
	g.connect("")
	n.ready()
	answer, err := http.Get("http://" + n.config.HealthAddress + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	// The values are those of the process; connections of earlier tests may still be ending.
	for _, want := range []string{"virtplane_nodeplugin_sessions ", "virtplane_nodeplugin_plumb_seconds_count ", "virtplane_nodeplugin_console_connections{kind=\"log\"}",
		"virtplane_nodeplugin_console_log_bytes{guests=\"current\"}"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(string(text), "virtplane_nodeplugin_sessions 0") {
		t.Error("the open session is not counted")
	}
}

func TestDevicesAreDescribedToTheRuntime(t *testing.T) {
	n := newTestNode(t)
	raw, err := os.ReadFile(filepath.Join(n.config.CDIDir, "virtplane.io-device.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/dev/kvm", "/dev/net/tun", "/dev/vhost-net"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in %s", want, raw)
		}
	}
}
