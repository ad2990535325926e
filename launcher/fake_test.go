// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/launcher/agent"
	"github.com/virtplane/virtplane/launcher/libvirtd"
	"github.com/virtplane/virtplane/launcher/plugin"
	"github.com/virtplane/virtplane/launcher/reaper"
	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/launcher/virt"
)

const deadline = 10 * time.Second

// fakeHypervisor stands for libvirt; the guest is a process of the test.
type fakeHypervisor struct {
	// mu guards all below.
	mu      sync.Mutex
	state   session.State
	calls   []string
	onPower func()
	noAgent bool
}

func (h *fakeHypervisor) Connect(string) (<-chan struct{}, error) { return make(chan struct{}), nil }
func (h *fakeHypervisor) Warm() error                             { return nil }
func (h *fakeHypervisor) Create(string, bool) error               { return nil }

func (h *fakeHypervisor) State() (session.State, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, "", nil
}

func (h *fakeHypervisor) Describe() (virt.Description, error) {
	return virt.Description{Machine: "pc-q35-10.0"}, nil
}

func (h *fakeHypervisor) Suspend() error { return h.called("suspend", session.StatePaused) }
func (h *fakeHypervisor) Resume() error  { return h.called("resume", session.StateRunning) }

func (h *fakeHypervisor) Shutdown() error { return h.power("button") }
func (h *fakeHypervisor) Reset() error    { return h.called("reset", "") }
func (h *fakeHypervisor) Reboot() error   { return h.called("reboot-button", "") }

// power is the end of a guest that obeys.
func (h *fakeHypervisor) power(call string) error {
	_ = h.called(call, "")
	if h.onPower != nil {
		h.onPower()
	}
	return nil
}

// AgentCommand is the guest's agent: it obeys guest-shutdown, which has no answer then, and knows nothing else.
func (h *fakeHypervisor) AgentCommand(command string, _ time.Duration) (string, error) {
	h.mu.Lock()
	noAgent := h.noAgent
	h.mu.Unlock()
	switch {
	case noAgent:
		return "", agent.ErrSilent
	case strings.Contains(command, `"powerdown"`):
		_ = h.power("agent")
		return "", agent.ErrSilent
	case strings.Contains(command, `"reboot"`):
		_ = h.called("reboot-agent", "")
		return "", agent.ErrSilent
	case strings.Contains(command, "guest-ping"):
		return `{"return":{}}`, nil
	}
	return "", errors.New("The command has not been found")
}

func (h *fakeHypervisor) called(call string, state session.State) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, call)
	if state != "" {
		h.state = state
	}
	return nil
}

func (h *fakeHypervisor) history() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.calls, " ")
}

// running returns a launcher whose QEMU is a shell that runs script.
func running(t *testing.T, script string) (l *launcher, h *fakeHypervisor, pid int) {
	t.Helper()
	r, err := reaper.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	ready, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	pid, exited, err := r.Start("/bin/sh", []string{"sh", "-c", script}, &os.ProcAttr{Files: []*os.File{nil, write, nil}})
	if err != nil {
		t.Fatal(err)
	}
	write.Close()
	if _, err := ready.Read(make([]byte, 16)); err != nil { // the script says when its traps are set
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(pid, unix.SIGKILL)
		<-exited
	})
	h = &fakeHypervisor{state: session.StateRunning}
	l = &launcher{
		options:    &Options{Name: "demo", Namespace: "default", GracePeriodSeconds: 60},
		domain:     "default_demo",
		layout:     libvirtd.Layout{Home: t.TempDir()},
		reaper:     r,
		signals:    virt.NewSignals(),
		stops:      make(chan stop, 8),
		hypervisor: h,
		everRan:    true,
	}
	l.followAgent(t.Context(), h, nil)
	l.session = plugin.NewSession(filepath.Join(t.TempDir(), "none"), nil, func(*session.Start) {}, l.onCommand)
	l.refresh(context.Background())
	return l, h, pid
}

// agentAnswers lets the guest have an agent, which is asked once before it is relied on.
func agentAnswers(t *testing.T, l *launcher) {
	t.Helper()
	l.signals.SetAgent(true)
	l.refresh(t.Context())
	// The agent tells the launcher, not a test, when it is connected.
	for end := time.Now().Add(deadline); ; time.Sleep(time.Millisecond) {
		if connected, _ := l.agent.Status(); connected {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the agent is not seen")
		}
	}
}

const (
	// obedient ends by itself when it is asked by SIGTERM, as QEMU does.
	obedient = `trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done`
	// poweringOff ends on SIGUSR1, which stands for the guest's own doing.
	poweringOff = `trap 'exit 0' USR1; echo ready; while :; do sleep 0.01; done`
)
