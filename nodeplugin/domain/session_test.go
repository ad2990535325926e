// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/network/networktest"
)

func isRunning(f Facts) bool { return f.Report != nil && f.Report.State == session.StateRunning }

func TestSessionPlumbsAndHandsOver(t *testing.T) {
	n := newNode(t)
	v := n.open(t, "demo")
	l := newLauncher(t, v)
	start := l.connect()
	var vmi v1.VirtualMachineInstance
	if err := json.Unmarshal(start.VMI, &vmi); err != nil || vmi.Name != "demo" || vmi.UID != v.InstanceUID {
		t.Fatalf("got instance %s, %v", start.VMI, err)
	}
	if len(start.Interfaces) != 1 || start.Interfaces[0].Tap != "tap0" {
		t.Fatalf("interfaces %+v", start.Interfaces)
	}
	l.pod.Do(t, func() error {
		_, err := netlink.LinkByName("tap0")
		return err
	})
	l.report(session.StateRunning)
	f := n.sink.await(t, v.InstanceUID, isRunning)
	if len(f.PodIPs) != 1 || f.PodIPs[0] != "192.0.2.10" || f.Interfaces[0].MAC != start.Interfaces[0].MAC {
		t.Fatalf("facts %+v", f)
	}
	g := n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "demo"})
	if g.State() != session.StateRunning || !g.Connected() {
		t.Fatalf("state %q, connected %v", g.State(), g.Connected())
	}
}

func TestCommandsAreAnswered(t *testing.T) {
	n := newNode(t)
	l := newLauncher(t, n.open(t, "demo"))
	l.connect()
	g := n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "demo"})
	for _, tc := range []struct {
		answer string
		want   string
	}{{"", "<nil>"}, {"domain is \x07busy", "domain is  busy"}} {
		done := make(chan error)
		go func() { done <- g.Do(t.Context(), session.VerbPause) }()
		m := l.receive()
		if m.Command == nil || m.Command.Verb != session.VerbPause {
			t.Fatalf("got %+v", m)
		}
		l.send(&session.Message{Result: &session.Result{ID: m.Command.ID + 77}}) // nobody asked
		l.send(&session.Message{Result: &session.Result{ID: m.Command.ID, Error: tc.answer}})
		if err := <-done; fmt.Sprint(err) != tc.want {
			t.Fatalf("got %v, want %s", err, tc.want)
		}
	}
	// A launcher that does not answer, and one that goes away.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := g.Do(ctx, session.VerbPause); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	done := make(chan error)
	go func() { done <- g.Do(t.Context(), session.VerbUnpause) }()
	for m := l.receive(); m.Command.Verb != session.VerbUnpause; m = l.receive() {
	}
	l.conn.Socket().Close()
	if err := <-done; !errors.Is(err, ErrNotConnected) {
		t.Fatalf("got %v", err)
	}
}

// TestHostileLaunchers has each of them do its worst beside one that behaves.
func TestHostileLaunchers(t *testing.T) {
	n := newNode(t)
	good := newLauncher(t, n.open(t, "good"))
	good.connect()
	stranger := networktest.NewPod(t, "192.0.2.66/24")
	host, err := os.Open("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	hello := &session.Message{Hello: &session.Hello{Version: session.Version, Kind: session.KindSession}}
	raw := func(b []byte) func(*launcher) {
		return func(l *launcher) {
			l.conn = l.dial()
			l.conn.Socket().Write(b)
		}
	}
	says := func(m *session.Message, fds ...int) func(*launcher) {
		return func(l *launcher) {
			l.conn = l.dial()
			l.conn.Send(m, fds...) // the plugin may have closed already
		}
	}
	then := func(b []byte) func(*launcher) {
		return func(l *launcher) {
			l.connect()
			l.conn.Socket().Write(b)
		}
	}
	report := func(r session.Report) []byte {
		body, _ := json.Marshal(session.Message{Report: &r})
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
	}
	for name, act := range map[string]func(*launcher){
		"garbage":                   raw([]byte("GET / HTTP/1.1\r\n\r\n")),
		"huge frame":                raw(binary.BigEndian.AppendUint32(nil, 0xffffffff)),
		"frame of nothing":          raw([]byte{0, 0, 0, 2, '{', '}'}),
		"no hello":                  says(&session.Message{Report: &session.Report{State: session.StateRunning}}),
		"hello without descriptor":  says(hello),
		"two descriptors":           says(hello, int(stranger.File.Fd()), int(stranger.File.Fd())),
		"fifo for a namespace":      says(hello, fifo(t)),
		"host's namespace":          says(hello, int(host.Fd())),
		"another pod's namespace":   says(hello, int(good.pod.File.Fd())),
		"a namespace of nobody":     says(hello, int(stranger.File.Fd())),
		"version of the future":     says(&session.Message{Hello: &session.Hello{Version: 99, Kind: session.KindSession}}, int(stranger.File.Fd())),
		"unknown kind":              says(&session.Message{Hello: &session.Hello{Version: 1, Kind: "root shell"}}),
		"console with a descriptor": says(&session.Message{Hello: &session.Hello{Version: 1, Kind: session.KindConsole}}, int(stranger.File.Fd())),
		"garbage after the start":   then([]byte("\xff\xff\xff\xff")),
		"unknown state":             then(report(session.Report{State: "Root"})),
		"flood of reports":          then(bytes.Repeat(report(session.Report{State: session.StateStarting}), messageBurst*4)),
		"start from the launcher":   then([]byte("\x00\x00\x00\x0c{\"start\":{}}")),
	} {
		t.Run(name, func(t *testing.T) {
			v := n.open(t, "bad-"+strings.NewReplacer(" ", "-", "'", "").Replace(name))
			bad := newLauncher(t, v)
			act(bad)
			waitClosed(t, bad.conn)
			if running := n.Lookup(types.NamespacedName{Namespace: "tenant", Name: v.Instance}).State(); running == session.StateRunning {
				t.Error("its word was taken")
			}
			// It may come back and behave.
			bad.connect()
			if err := n.Close(v.ID); err != nil {
				t.Fatal(err)
			}
		})
	}
	good.report(session.StateRunning)
	n.sink.await(t, "uid-good", isRunning)
}

func TestNamespaceOfAnotherSessionIsRefused(t *testing.T) {
	n := newNode(t)
	first := newLauncher(t, n.open(t, "first"))
	first.connect()
	second := newLauncher(t, n.open(t, "second"))
	second.pod = first.pod // a tenant's two pods that share a namespace
	second.hello()
	if m := second.receive(); m.Refusal == nil || !strings.Contains(m.Refusal.Message, "virt-launcher-first") {
		t.Fatalf("got %+v", m)
	}
	// When the first one's session has ended the namespace is nobody's.
	first.conn.Socket().Close()
	for deadline := time.Now().Add(patience); ; {
		second.hello()
		if m := second.receive(); m.Start != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the namespace stays claimed")
		}
	}
}

func TestNewerSessionReplacesTheOlder(t *testing.T) {
	n := newNode(t)
	v := n.open(t, "demo")
	l := newLauncher(t, v)
	l.connect()
	older := l.conn
	l.connect()
	waitClosed(t, older)
	l.report(session.StateRunning)
	n.sink.await(t, v.InstanceUID, isRunning)
	if !n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "demo"}).Connected() {
		t.Fatal("not connected")
	}
}

// TestRestartServesTheSameSocketDirectory has a new process take over while the guest runs.
func TestRestartServesTheSameSocketDirectory(t *testing.T) {
	n := newNode(t)
	v := n.open(t, "demo")
	l := newLauncher(t, v)
	before := l.connect()
	l.report(session.StateRunning)
	n.sink.await(t, v.InstanceUID, isRunning)
	n.Wait() // the process ends; files stay
	waitClosed(t, l.conn)
	if _, err := os.Lstat(filepath.Join(v.Target, session.SocketName)); err != nil {
		t.Fatal(err)
	}
	n.sink.facts = map[types.UID][]Facts{}
	n.start(t)
	// The API server is away: reports are heard nevertheless.
	n.instances.synced = false
	vmi := n.instances.vmis[types.NamespacedName{Namespace: "tenant", Name: "demo"}]
	delete(n.instances.vmis, nameOf(vmi))
	if err := n.Open(v); err != nil {
		t.Fatal(err)
	}
	l.hello()
	l.report(session.StateRunning)
	n.sink.await(t, v.InstanceUID, isRunning)
	n.instances.put(vmi)
	m := l.receive()
	if m.Start == nil || m.Start.Interfaces[0] != before.Interfaces[0] {
		t.Fatalf("got %+v, before %+v", m, before)
	}
}

func TestStrangersGetNoInstance(t *testing.T) {
	n := newNode(t)
	for name, change := range map[string]func(*v1.VirtualMachineInstance){
		"ended": func(vmi *v1.VirtualMachineInstance) { vmi.Status.Phase = v1.Failed },
	} {
		t.Run(name, func(t *testing.T) {
			v := n.open(t, name)
			vmi, _ := n.instance(name)
			change(vmi)
			n.instances.put(vmi)
			l := newLauncher(t, v)
			l.hello()
			if m := l.receive(); m.Refusal == nil {
				t.Fatalf("got %+v", m)
			}
		})
	}
	g := &Guest{}
	vmi, v := n.instance("x")
	g.Volume = v
	if err := g.accepts(vmi); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*v1.VirtualMachineInstance){
		"another UID": func(vmi *v1.VirtualMachineInstance) { vmi.UID = "new" },
		"another pod": func(vmi *v1.VirtualMachineInstance) { vmi.Status.ActivePods = map[types.UID]string{"new": "node1"} },
	} {
		other := vmi.DeepCopy()
		change(other)
		if g.accepts(other) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if g.accepts(nil) == nil {
		t.Error("none: accepted")
	}
}

func TestPlumbingErrorIsAProblemOfTheInstance(t *testing.T) {
	n := newNode(t)
	v := n.open(t, "demo")
	vmi, _ := n.instance("demo")
	vmi.Spec.Networks[0].Pod.VMNetworkCIDR = "192.0.2.0/24"
	n.instances.put(vmi)
	l := newLauncher(t, v)
	l.hello()
	if m := l.receive(); m.Refusal == nil || !strings.Contains(m.Refusal.Message, "vmNetworkCIDR") {
		t.Fatalf("got %+v", m)
	}
	n.sink.await(t, v.InstanceUID, func(f Facts) bool { return strings.Contains(f.Problem, "vmNetworkCIDR") })
}

func TestCloseEndsEverything(t *testing.T) {
	n := newNode(t)
	v := n.open(t, "demo")
	l := newLauncher(t, v)
	l.connect()
	for range 2 {
		if err := n.Close(v.ID); err != nil {
			t.Fatal(err)
		}
	}
	waitClosed(t, l.conn)
	if _, err := os.Lstat(v.Target); !os.IsNotExist(err) {
		t.Fatalf("directory is left: %v", err)
	}
	if n.Lookup(types.NamespacedName{Namespace: "tenant", Name: "demo"}) != nil {
		t.Fatal("the guest is still known")
	}
	if len(n.namespaces) != 0 {
		t.Fatal("the namespace is still claimed")
	}
}
