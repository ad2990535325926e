// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	// memoryGuests and maxMemory are the promise: resident memory in MiB with so many guests.
	memoryGuests = 100
	maxMemory    = 40
)

// newProcess runs the real binary with only the capabilities that the DaemonSet gives it.
func newProcess(t *testing.T) (*testNodePlugin, *process) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	dir, err := os.MkdirTemp("", "np")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	api := newFakeAPI(t)
	kubeconfig := filepath.Join(dir, "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], "+
		"clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {}}]}", api.server.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, binary: filepath.Join(dir, "virt-nodeplugin")}
	build := exec.Command("go", "build", "-p", "2", "-ldflags", "-s -w", "-o", p.binary, "../cmd/virt-nodeplugin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	n := &testNodePlugin{
		t: t, api: api, client: api.identity("spiffe://virtplane.io/apiserver", x509.ExtKeyUsageClientAuth),
		config: &Config{
			Layout:        volume.Layout{Kubelet: filepath.Join(dir, "kubelet"), Driver: v1.CSIDriverName},
			StreamAddress: freePort(t), HealthAddress: freePort(t),
		},
	}
	_, streamPort, _ := net.SplitHostPort(n.config.StreamAddress)
	_, healthPort, _ := net.SplitHostPort(n.config.HealthAddress)
	p.args = []string{
		"--node-name=" + testNode, "--namespace=" + testNamespace, "--kubeconfig=" + kubeconfig, "--kubelet-dir=" + n.config.Layout.Kubelet,
		"--host-dev=/dev", "--cdi-dir=" + dir + "/cdi", "--pod-ip=127.0.0.1", "--stream-port=" + streamPort, "--health-port=" + healthPort,
	}
	t.Cleanup(func() { p.kill() })
	return n, p
}

// process is a running virt-nodeplugin.
type process struct {
	t       *testing.T
	binary  string
	args    []string
	command *exec.Cmd
}

func (p *process) start() {
	p.t.Helper()
	drop := []string{"--bounding-set=-all,+sys_admin,+net_admin", "--inh-caps=-all", "--no-new-privs", "--", p.binary}
	p.command = exec.CommandContext(context.Background(), "setpriv", append(drop, p.args...)...)
	log, err := os.OpenFile(p.binary+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.command.Stdout, p.command.Stderr = log, log
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	if p.command == nil {
		return
	}
	p.command.Process.Kill()
	p.command.Wait()
	p.command = nil
	if p.t.Failed() {
		log, _ := os.ReadFile(p.binary + ".log")
		p.t.Logf("its log:\n%s", log)
	}
}

// resident returns a line of the process's memory statistics in MiB.
func (p *process) resident(field string) float64 {
	p.t.Helper()
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(p.command.Process.Pid) + "/status")
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024
		}
	}
	p.t.Fatalf("no %s", field)
	return 0
}

func TestKillTouchesNoGuest(t *testing.T) {
	n, p := newProcess(t)
	p.start()
	n.register()
	g := n.schedule("demo")
	serial := "tick 1\n"
	g.connect(serial)
	g.report(session.StateRunning)
	n.api.await("tenant", "demo", inPhase(v1.Running))
	for tick := 2; tick < 5; tick++ {
		p.kill()
		g.pod.Do(t, func() error {
			for _, name := range []string{"tap0", "k6t-eth0"} {
				if _, err := netlink.LinkByName(name); err != nil {
					return err
				}
			}
			return nil
		})
		serial += fmt.Sprintf("tick %d\n", tick)
		p.start()
		g.connect(serial)
		g.report(session.StateRunning)
		c, _, err := g.view(n.client)
		if err != nil {
			t.Fatal(err)
		}
		if got := hears(t, c, fmt.Sprintf("tick %d\n", tick)); got != serial {
			t.Fatalf("console shows %q, want %q", got, serial)
		}
		n.register()
		n.ready()
	}
	p.kill()
	p.start()
	g.connect(serial)
	g.report(session.StateShutdown)
	n.api.await("tenant", "demo", inPhase(v1.Succeeded))
	if writes := n.api.count("status"); writes != 2 {
		t.Errorf("%d writes of the status", writes)
	}
	g.unpublish()
}

func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes many namespaces")
	}
	n, p := newProcess(t)
	p.start()
	n.register()
	n.ready()
	t.Logf("idle: %.1f MiB", p.resident("VmRSS"))
	for i := range memoryGuests {
		name := fmt.Sprintf("vm-%d", i)
		g := n.schedule(name)
		g.connect(strings.Repeat("boot message of a guest\r\n", 400))
		g.report(session.StateRunning)
		n.api.await("tenant", name, inPhase(v1.Running))
		if i+1 == 10 {
			t.Logf("10 guests: %.1f MiB", p.resident("VmRSS"))
		}
	}
	time.Sleep(2 * time.Second) // let garbage be collected as in ordinary life
	got := p.resident("VmRSS")
	t.Logf("%d guests: %.1f MiB, of that %.1f anonymous; %.1f at most", memoryGuests, got, p.resident("RssAnon"), p.resident("VmHWM"))
	if got > maxMemory {
		t.Errorf("%.1f MiB are resident, want at most %d", got, maxMemory)
	}
}
