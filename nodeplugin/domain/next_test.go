// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

var (
	before = metav1.NewTime(time.Unix(1000, 0))
	moment = metav1.NewTime(time.Unix(2000, 0))
)

// scheduled returns an instance as virt-controller leaves it for the node.
func scheduled() *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Namespace, vmi.Name, vmi.UID = "tenant", "demo", "uid"
	vmi.Spec.Volumes = []v1.Volume{{Name: "root"}, {Name: "cloudinit"}}
	guest := resource.MustParse("128Mi")
	vmi.Spec.Domain.Memory = &v1.Memory{Guest: &guest}
	vmi.Spec.Domain.CPU = &v1.CPU{Cores: 2, Sockets: 1, Threads: 1}
	vmi.Status.Phase = v1.Scheduled
	vmi.Status.NodeName = "node1"
	vmi.Status.ActivePods = map[types.UID]string{"pod": "node1"}
	vmi.Status.PhaseTransitionTimestamps = []v1.VirtualMachineInstancePhaseTransitionTimestamp{
		{Phase: v1.Scheduled, PhaseTransitionTimestamp: before},
	}
	vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{{
		Type: v1.VirtualMachineInstanceReady, Status: v1.ConditionFalse, Reason: v1.ReasonGuestNotRunning, LastTransitionTime: before,
	}}
	return vmi
}

// runningFacts returns what a node knows of a guest that runs.
func runningFacts() Facts {
	return Facts{
		Report: &session.Report{
			State: session.StateRunning, Emulated: true, Machine: "pc-q35-10.0", MemoryKiB: 128 << 10,
			Disks: map[string]string{"root": "vda", "cloudinit": "vdb", "stranger": "vdz"},
			Sizes: map[string]int64{"root": 1 << 30, "stranger": 1},
		},
		Interfaces: []session.Interface{{Name: "default", MAC: "02:00:00:00:00:01"}},
		PodIPs:     []string{"10.1.2.3", "fd00::3"},
	}
}

func with(change func(*Facts)) Facts {
	f := runningFacts()
	report := *f.Report
	f.Report = &report
	change(&f)
	return f
}

// after returns the instance once its status is next's.
func after(vmi *v1.VirtualMachineInstance, f Facts) *v1.VirtualMachineInstance {
	result := vmi.DeepCopy()
	result.Status = next(vmi, f, moment)
	return result
}

// summary writes the parts of a status that a step may change as one line.
func summary(s *v1.VirtualMachineInstanceStatus) string {
	parts := []string{string(s.Phase)}
	if s.Reason != "" {
		parts = append(parts, "reason="+s.Reason)
	}
	for _, c := range s.Conditions {
		text := string(c.Type) + "=" + string(c.Status)
		if c.Reason != "" {
			text += "/" + c.Reason
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

func TestRunningIsOneWrite(t *testing.T) {
	vmi := scheduled()
	overhead := resource.MustParse("100Mi")
	vmi.Status.Memory = &v1.MemoryStatus{MemoryOverhead: &overhead}
	got := after(vmi, runningFacts()).Status
	if s := summary(&got); s != "Running Ready=True SoftwareEmulation=True/NoHardwareVirtualization LiveMigratable=False/NotMigratable" {
		t.Error(s)
	}
	nic := got.Interfaces[0]
	if nic.Name != "default" || nic.IP != "10.1.2.3" || len(nic.IPs) != 2 || nic.MAC != "02:00:00:00:00:01" ||
		nic.PodInterfaceName != "eth0" || nic.InfoSource != "domain" || nic.QueueCount != 1 {
		t.Errorf("interface %+v", nic)
	}
	if v := got.VolumeStatus; len(v) != 2 || v[0] != (v1.VolumeStatus{Name: "root", Target: "vda", SizeBytes: 1 << 30}) || v[1].Target != "vdb" {
		t.Errorf("volumes %+v", v)
	}
	if got.Machine.Type != "pc-q35-10.0" || got.Memory.GuestCurrent.String() != "128Mi" || got.Memory.GuestAtBoot.String() != "128Mi" ||
		got.Memory.GuestRequested.String() != "128Mi" || got.Memory.MemoryOverhead.String() != "100Mi" ||
		*got.CurrentCPUTopology != (v1.CPUTopology{Cores: 2, Sockets: 1, Threads: 1}) {
		t.Errorf("machine %v memory %v cpu %v", got.Machine, got.Memory, got.CurrentCPUTopology)
	}
	if f := got.Firmware; f == nil || f.UUID != "5ec62f22-c6ff-53bc-86cc-790763405911" || f.Serial == "" || f.Serial == f.UUID {
		t.Errorf("firmware %+v", f)
	}
	last := got.PhaseTransitionTimestamps[len(got.PhaseTransitionTimestamps)-1]
	if last.Phase != v1.Running || !last.PhaseTransitionTimestamp.Equal(&moment) {
		t.Errorf("transitions %v", got.PhaseTransitionTimestamps)
	}
	if vmi.Status.Phase != v1.Scheduled || len(vmi.Status.Interfaces) != 0 {
		t.Error("the cached instance was changed")
	}
	if again := after(&v1.VirtualMachineInstance{Spec: vmi.Spec, Status: got}, runningFacts()); !equality.Semantic.DeepEqual(again.Status, got) {
		t.Errorf("the same facts change the status again:\n%+v\n%+v", got, again.Status)
	}
}

func TestNext(t *testing.T) {
	running := after(scheduled(), runningFacts())
	probed := scheduled()
	probed.Spec.ReadinessProbe = &v1.Probe{}
	notReady := running.DeepCopy()
	notReady.Status.Conditions[0].Status, notReady.Status.Conditions[0].Reason = v1.ConditionFalse, "PodTerminating"
	const settled = " LiveMigratable=False/NotMigratable"
	const emulated = " SoftwareEmulation=True/NoHardwareVirtualization" + settled
	for _, tc := range []struct {
		name  string
		vmi   *v1.VirtualMachineInstance
		facts Facts
		want  string
	}{
		{"no report yet", scheduled(), with(func(f *Facts) { f.Report = nil }),
			"Scheduled Ready=False/GuestNotRunning"},
		{"starting", scheduled(), with(func(f *Facts) { f.Report.State = session.StateStarting }),
			"Scheduled Ready=False/GuestNotRunning"},
		{"network cannot be plumbed", scheduled(), Facts{Problem: "plumb network: no"},
			"Scheduled Ready=False/GuestNotRunning Synchronized=False/SyncFailed"},
		{"network is plumbed after all", after(scheduled(), Facts{Problem: "no"}), runningFacts(),
			"Running Ready=True" + emulated},
		{"starts paused", scheduled(), with(func(f *Facts) { f.Report.State, f.Report.Reason = session.StatePaused, "UserPause" }),
			"Running Ready=True" + emulated + " Paused=True/PausedByUser"},
		{"disk error", running, with(func(f *Facts) { f.Report.State, f.Report.Reason = session.StatePaused, "IOError" }),
			"Running Ready=True" + emulated + " Paused=True/PausedIOError"},
		{"goes on", after(running, with(func(f *Facts) { f.Report.State = session.StatePaused })), runningFacts(),
			"Running Ready=True" + emulated},
		{"agent comes", running, with(func(f *Facts) { f.Report.AgentConnected = true }),
			"Running Ready=True" + emulated + " AgentConnected=True"},
		{"agent goes", after(running, with(func(f *Facts) { f.Report.AgentConnected = true })), runningFacts(),
			"Running Ready=True" + emulated},
		{"hardware", scheduled(), with(func(f *Facts) { f.Report.Emulated = false }), "Running Ready=True" + settled},
		{"readiness probe is the pod's", probed, runningFacts(), "Running Ready=False/GuestNotRunning" + emulated},
		{"controller's word on readiness stays", notReady, runningFacts(), "Running Ready=False/PodTerminating" + emulated},
		{"shut down", after(running, with(func(f *Facts) { f.Report.State, f.Report.AgentConnected = session.StatePaused, true })),
			with(func(f *Facts) { f.Report.State, f.Report.Reason = session.StateShutdown, "GuestShutdown" }),
			"Succeeded Ready=False/GuestNotRunning" + emulated},
		{"crash", running, with(func(f *Facts) { f.Report.State, f.Report.Reason = session.StateFailed, "Crashed" }),
			"Failed reason=Crashed Ready=False/GuestNotRunning" + emulated},
		{"start fails", scheduled(), with(func(f *Facts) { f.Report.State, f.Report.Reason = session.StateFailed, "StartFailed" }),
			"Failed reason=StartFailed Ready=False/GuestNotRunning"},
		{"ended guests stay ended", after(running, with(func(f *Facts) { f.Report.State = session.StateShutdown })), runningFacts(),
			"Succeeded Ready=False/GuestNotRunning" + emulated},
		{"after a restart the NICs are not known yet", running, with(func(f *Facts) { f.Interfaces, f.PodIPs = nil, nil }),
			"Running Ready=True" + emulated},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := next(tc.vmi, tc.facts, moment)
			if s := summary(&got); s != tc.want {
				t.Errorf("got  %s\nwant %s", s, tc.want)
			}
			if tc.vmi.Status.Phase == v1.Running && len(got.Interfaces) != 1 {
				t.Errorf("interfaces %v", got.Interfaces)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	running := after(scheduled(), runningFacts())
	for _, tc := range []struct {
		name  string
		vmi   *v1.VirtualMachineInstance
		facts Facts
		want  string
	}{
		{"starts", scheduled(), runningFacts(), "Normal/Started"},
		{"nothing new", running, runningFacts(), ""},
		{"agent", running, with(func(f *Facts) { f.Report.AgentConnected = true }), ""},
		{"shut down", running, with(func(f *Facts) { f.Report.State = session.StateShutdown }), "Normal/Stopped"},
		{"crash", running, with(func(f *Facts) { f.Report.State = session.StateFailed }), "Warning/Stopped"},
		{"problem", scheduled(), Facts{Problem: "x"}, "Warning/SyncFailed"},
		{"same problem", after(scheduled(), Facts{Problem: "x"}), Facts{Problem: "x"}, ""},
		{"other problem", after(scheduled(), Facts{Problem: "x"}), Facts{Problem: "y"}, "Warning/SyncFailed"},
	} {
		status := next(tc.vmi, tc.facts, moment)
		var got []string
		for _, e := range events(&tc.vmi.Status, &status, tc.facts) {
			got = append(got, e.kind+"/"+e.reason)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, s, tc.want)
		}
	}
}

func TestReportsAreCut(t *testing.T) {
	clean, err := sanitize(&session.Report{
		State: session.StateFailed, Reason: "x; rm -rf", Machine: strings.Repeat("m", 65),
		Message: "\x1b[31m" + strings.Repeat("a", 5000) + "\xff\xfe",
		Disks:   map[string]string{"a": "vda", "b": "../../etc", "c": strings.Repeat("v", 1000)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if clean.Reason != "" || clean.Machine != "" || len(clean.Message) > maxMessage+3 || strings.ContainsRune(clean.Message, 0x1b) ||
		len(clean.Disks) != 1 || clean.Disks["a"] != "vda" {
		t.Fatalf("kept %+v", clean)
	}
	disks := map[string]string{}
	for i := range maxDisks + 1 {
		disks[strings.Repeat("x", i)] = "vda"
	}
	for name, r := range map[string]*session.Report{
		"unknown state": {State: "Exploded"},
		"no state":      {},
		"many disks":    {State: session.StateRunning, Disks: disks},
		"much memory":   {State: session.StateRunning, MemoryKiB: 1 << 60},
	} {
		if _, err := sanitize(r); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
