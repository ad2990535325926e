// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build libvirt_dlopen

package agent

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/session"
	"github.com/virtplane/virtplane/launcher/virt"
)

const domainXML = `<domain type='qemu'>
<name>default_demo</name><memory unit='MiB'>192</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/><apic/></features>
<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
<devices>
<emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='DIR/disk/disk.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='DIR/cidata.iso'/><target dev='vdb' bus='virtio'/><readonly/></disk>
<controller type='usb' model='none'/>
<interface type='user'><mac address='02:00:00:00:00:01'/><model type='virtio'/></interface>
<serial type='file'><source path='DIR/serial.log'/></serial>
<channel type='unix'><source mode='connect' path='DIR/agent'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<memballoon model='none'/>
</devices>
</domain>`

// boot is how long an emulated guest may take to boot on a busy machine.
const boot = 2 * time.Minute

// sandbox is a guest of the libvirtd around this test.
type sandbox struct {
	*testing.T
	client  *virt.Client
	signals *virt.Signals
	agent   *Agent
}

// TestInSandbox is the part of TestWithLibvirt that runs inside.
func TestInSandbox(t *testing.T) {
	dir := os.Getenv("VIRTPLANE_AGENT_SANDBOX")
	if dir == "" {
		t.Skip("is a part of TestWithLibvirt")
	}
	s := &sandbox{T: t, signals: virt.NewSignals()}
	var err error
	if s.client, err = virt.NewClient("default_demo", s.signals); err != nil {
		t.Fatal(err)
	}
	if _, err = s.client.Connect(filepath.Join(dir, "run/libvirt/libvirt-sock")); err != nil {
		t.Fatal(err)
	}
	line, err := Listen(filepath.Join(dir, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	go line.Run(t.Context())
	if err = s.client.Create(strings.ReplaceAll(domainXML, "DIR", dir), false); err != nil {
		t.Fatal(err)
	}
	s.agent = New(line, []string{"02:00:00:00:00:01"}, func() {})
	go s.agent.Run(t.Context())
	go s.follow()
	s.await("the agent", boot, s.agent.Answers)
	s.honest()
	s.hostile()
	s.orders()
}

// follow does what the launcher does with libvirt's events.
func (s *sandbox) follow() {
	for {
		select {
		case <-s.signals.Changed:
			state, _, err := s.client.State()
			if err == nil {
				s.agent.Observe(s.signals.AgentConnected(), state == session.StateRunning)
			}
		case <-s.Context().Done():
			return
		}
	}
}

func (s *sandbox) await(what string, within time.Duration, holds func() bool) {
	s.Helper()
	// A look inside a guest is a question to its agent or console: nothing tells of a change.
	for end := time.Now().Add(within); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%s: not within %s", what, within)
		}
	}
}

func (s *sandbox) ctx() context.Context {
	ctx, cancel := context.WithTimeout(s.Context(), 8*time.Second)
	s.Cleanup(cancel)
	return ctx
}

// honest tries qemu-ga.
func (s *sandbox) honest() {
	began := time.Now()
	info, err := s.agent.Info(s.ctx())
	s.Logf("guestosinfo of qemu-ga took %s", time.Since(began))
	if err != nil || info.OS.ID != "debian" || info.GAVersion == "" || info.Hostname != "demo" || info.FSFreezeStatus != "thawed" || len(missing(info.SupportedCommands)) > 0 {
		s.Errorf("guestosinfo: %+v, %v", info, err)
	}
	filesystems, err := s.agent.Filesystems(s.ctx())
	if err != nil || len(filesystems.Items) == 0 || filesystems.Items[0].MountPoint != "/" || filesystems.Items[0].TotalBytes == 0 || filesystems.Items[0].Disk[0].BusType != "virtio" {
		s.Errorf("filesystemlist: %+v, %v", filesystems, err)
	}
	if _, err := s.agent.Users(s.ctx()); err != nil {
		s.Errorf("userlist: %v", err)
	}
	s.await("an address", time.Minute, func() bool {
		_, status := s.agent.Status()
		return status != nil && len(status.Interfaces) == 1 && status.Interfaces[0].MAC == "02:00:00:00:00:01" && len(status.Interfaces[0].IPs) > 0
	})
	if code, output, err := s.agent.Exec(s.ctx(), []string{"/bin/sh", "-c", `echo "it is"; echo up >&2; exit 3`}); code != 3 || output != "it is\nup\n" || err != nil {
		s.Errorf("exec: %d %q %v", code, output, err)
	}
	if _, _, err := s.agent.Exec(s.ctx(), []string{"/no/such/program"}); err == nil || silent(err) {
		s.Errorf("exec of nothing: %v", err)
	}
	if err := s.agent.Freeze(s.ctx(), 2*time.Second); err != nil || !s.agent.Frozen() {
		s.Errorf("freeze: %v", err)
	}
	if status, err := s.agent.freezeStatus(s.ctx()); status != "frozen" {
		s.Errorf("the guest is %q, %v", status, err)
	}
	if err := s.agent.Ping(s.ctx()); err != nil {
		s.Errorf("ping of a frozen guest: %v", err)
	}
	s.await("the thaw", 20*time.Second, func() bool { return !s.agent.Frozen() })
	if status, err := s.agent.freezeStatus(s.ctx()); status != "thawed" {
		s.Errorf("the guest is %q, %v", status, err)
	}
}

// hostile tries the worst that the guest can say through libvirt.
func (s *sandbox) hostile() {
	if _, _, err := s.agent.Exec(s.ctx(), []string{"/bin/sh", "-c", "setsid sh /run/hostile-agent.sh </dev/null >/dev/null 2>&1 &"}); err != nil {
		s.Fatal(err)
	}
	s.await("the other agent", time.Minute, func() bool {
		_, status := s.agent.Status()
		return s.agent.Answers() && status != nil && len(status.Interfaces) == 1 && status.Interfaces[0].Name == "eth7"
	})
	before := memory()
	for _, mode := range []string{"silent", "mute", "late", "twice", "types", "text", "utf8", "control", "garbage", "deep", "huge", "million", "half", "endless"} {
		s.Run(mode, func(t *testing.T) { s.in(t).mode(mode) })
	}
	after := memory()
	s.Logf("peaks of memory in KiB: before %v, after %v", before, after)
	for name, most := range map[string]int{"libvirtd": 8 << 10, "test": 64 << 10} {
		if grown := after[name] - before[name]; grown > most || before[name] == 0 {
			s.Errorf("%s has taken %d KiB more", name, grown)
		}
	}
}

func (s *sandbox) in(t *testing.T) *sandbox {
	other := *s
	other.T = t
	return &other
}

// mode has the agent behave so once, while others use libvirt.
func (s *sandbox) mode(mode string) {
	s.tell(mode)
	type outcome struct {
		answer any
		err    error
		took   time.Duration
	}
	done := make(chan outcome, 1)
	go func() {
		began := time.Now()
		interfaces, err := s.agent.interfaces(s.ctx())
		done <- outcome{interfaces, err, time.Since(began)}
	}()
	var slowest time.Duration
	verbs := 0
	var o outcome
	for {
		select {
		case o = <-done:
		case <-time.After(300 * time.Millisecond):
		}
		if o.took > 0 {
			break
		}
		began := time.Now()
		if _, _, err := s.client.State(); err != nil {
			s.Errorf("state: %v", err)
		}
		if err := s.client.Suspend(); err != nil {
			s.Errorf("pause: %v", err)
		}
		if err := s.client.Resume(); err != nil {
			s.Errorf("unpause: %v", err)
		}
		slowest = max(slowest, time.Since(began))
		verbs++
	}
	raw, _ := json.Marshal(o.answer)
	s.Logf("took %s: %.80s, %.200v; the slowest of %d pauses beside it took %s", o.took, raw, o.err, verbs, slowest)
	if o.took > 9*time.Second || slowest > 6*time.Second || len(raw) > 4096 {
		s.Errorf("took %s, %d bytes; a pause took %s", o.took, len(raw), slowest)
	}
	// It is as good as new once it behaves.
	s.await("an answer", 2*time.Minute, func() bool { return s.agent.Ping(s.ctx()) == nil })
	s.tell("honest")
}

// tell tells the hostile agent how to behave.
func (s *sandbox) tell(mode string) {
	s.Helper()
	s.await("the order to be "+mode, time.Minute, func() bool {
		return s.agent.ask(s.ctx(), "guest-exec", map[string]any{"path": "mode", "arg": []string{mode}, "capture-output": true}, nil, quick) == nil
	})
}

// orders ends the hostile agent by a reset, and the guest by the agent that comes then.
func (s *sandbox) orders() {
	gone := func() bool {
		connected, _ := s.agent.Status()
		return !connected
	}
	if err := s.client.Reset(); err != nil {
		s.Fatal(err)
	}
	s.await("the agent's end", boot, gone)
	s.await("the agent after the reset", boot, s.agent.Answers)
	began := time.Now()
	if err := s.agent.Reboot(s.ctx()); err != nil {
		s.Fatalf("reboot: %v", err)
	}
	s.Logf("the order to reboot took %s", time.Since(began))
	s.await("the agent's end", time.Minute, gone)
	s.await("the agent after the reboot", boot, s.agent.Answers)
	if err := s.agent.Freeze(s.ctx(), 0); err != nil {
		s.Errorf("freeze: %v", err)
	}
	began = time.Now()
	if err := s.agent.PowerOff(s.ctx()); err != nil {
		s.Fatalf("power off: %v", err)
	}
	s.Logf("the order to power off a frozen guest took %s", time.Since(began))
	select {
	case <-s.signals.Ended:
	case <-time.After(time.Minute):
		s.Fatal("the guest does not end")
	}
	if s.signals.End() != virt.EndShutdown {
		s.Errorf("ended by %v", s.signals.End())
	}
}

// memory returns the most memory that this process and libvirtd have had, in KiB.
func memory() map[string]int {
	peaks := map[string]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		name := ""
		for line := range strings.Lines(string(raw)) {
			key, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimSpace(value); key {
			case "Name":
				name = value
			case "VmHWM":
				if kib, err := strconv.Atoi(strings.TrimSuffix(value, " kB")); err == nil && (name == "libvirtd" || name == "test") {
					peaks[name] = kib
				}
			}
		}
	}
	return peaks
}
