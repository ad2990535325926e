// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"net/url"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const prefix = `Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "demo": `

// up returns an instance that runs, changed.
func up(changes ...func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := stored()
	vmi.Status.Phase = v1.Running
	for _, change := range changes {
		change(vmi)
	}
	return vmi
}

func with(condition v1.VirtualMachineInstanceConditionType) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.VirtualMachineInstanceCondition{Type: condition, Status: v1.ConditionTrue})
	}
}

func expect(t *testing.T, name string, err error, want string, kind func(error) bool) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: refused: %v", name, err)
	case want != "" && (err == nil || err.Error() != want || !kind(err)):
		t.Errorf("%s: got %v, want %s", name, err, want)
	}
}

func TestChecksOfTheState(t *testing.T) {
	off, on := false, true
	probed := func(p v1.Probe) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) { vmi.Spec.LivenessProbe = &p }
	}
	acpi := func(enabled *bool) func(*v1.VirtualMachineInstance) {
		return func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Features = &v1.Features{ACPI: v1.FeatureState{Enabled: enabled}}
		}
	}
	for _, c := range []struct {
		name  string
		check check
		vmi   *v1.VirtualMachineInstance
		want  string
		kind  func(error) bool
	}{
		{"running", running(vmNotRunning), up(), "", nil},
		{"starting", running(vmNotRunning), stored(), prefix + "VM is not running", apierrors.IsConflict},
		{"paused", isPaused, up(with("Paused")), "", nil},
		{"not paused", isPaused, up(), prefix + "VMI is not paused", apierrors.IsConflict},
		{"already paused", notPaused("VMI is already paused"), up(with("Paused")), prefix + "VMI is already paused", apierrors.IsConflict},
		{"no agent", agentConnected, up(), prefix + "VMI does not have guest agent connected", apierrors.IsConflict},
		{"agent", agentConnected, up(with("AgentConnected")), "", nil},
		{"no probe", unprobed, up(), "", nil},
		{"a probe by the guest agent", unprobed, up(probed(v1.Probe{Handler: v1.Handler{GuestAgentPing: &v1.GuestAgentPing{}}})), "", nil},
		{"another probe", unprobed, up(probed(v1.Probe{})),
			`virtualmachineinstance.kubevirt.io "demo" is forbidden: Pausing VMIs with a non-GuestAgentPing LivenessProbe is not supported`, apierrors.IsForbidden},
		{"ACPI by default", canReboot, up(acpi(nil)), "", nil},
		{"ACPI", canReboot, up(acpi(&on)), "", nil},
		{"no ACPI", canReboot, up(acpi(&off)), prefix + "VMI neither have the agent connected nor the ACPI feature enabled", apierrors.IsConflict},
		{"no ACPI but an agent", canReboot, up(acpi(&off), with("AgentConnected")), "", nil},
		{"on a node", onNode, up(), "", nil},
		{"on no node", onNode, stored(), prefix + "VMI is not assigned to a node yet", apierrors.IsConflict},
		{"no attestation", attested, up(), prefix + "Attestation not requested for VMI", apierrors.IsConflict},
		{"attestation", attested, up(func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.LaunchSecurity = &v1.LaunchSecurity{SEV: &v1.SEV{Attestation: &v1.SEVAttestation{}}}
		}), "", nil},
		{"past its scheduling", scheduled, up(), prefix + "VMI is not in Scheduled phase", apierrors.IsConflict},
		{"blocks not tracked", tracksBlocks, up(), prefix + "ChangedBlockTracking is not enabled", apierrors.IsConflict},
		{"blocks tracked", tracksBlocks, up(func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.ChangedBlockTracking = &v1.ChangedBlockTrackingStatus{State: v1.ChangedBlockTrackingEnabled}
		}), "", nil},
	} {
		expect(t, c.name, c.check(t.Context(), c.vmi), c.want, c.kind)
	}
}

func TestUnpauseWaitsForASnapshot(t *testing.T) {
	snapshot := "snap"
	vm := &v1.VirtualMachine{}
	vm.Name, vm.Status.SnapshotInProgress = "demo", &snapshot
	i := &Instances{around: Surroundings{Machine: func(context.Context, string) (*v1.VirtualMachine, error) { return vm, nil }}}
	expect(t, "snapshot", i.notInSnapshot(t.Context(), up()), `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": VM snapshot is in progress`, apierrors.IsConflict)
	vm.Status.SnapshotInProgress = nil
	expect(t, "no snapshot", i.notInSnapshot(t.Context(), up()), "", nil)
	vm = nil
	expect(t, "no virtual machine", i.notInSnapshot(t.Context(), up()), "", nil)
}

func TestWhatAStreamNeeds(t *testing.T) {
	off, on := false, true
	failed := stored()
	failed.Status.Phase = v1.Failed
	usb := func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Domain.Devices.ClientPassthrough = &v1.ClientPassthroughDevices{}
	}
	vsock := func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Domain.Devices.AutoattachVSOCK = &on }
	for _, c := range []struct {
		name   string
		check  func(*v1.VirtualMachineInstance, url.Values) (url.Values, error)
		vmi    *v1.VirtualMachineInstance
		query  string
		asked  string
		want   string
		reason func(error) bool
	}{
		{"console", consoleOf, up(), "", "", "", nil},
		{"console of nothing yet", consoleOf, stored(), "", "", "VMI is not running", apierrors.IsBadRequest},
		{"console of what failed", consoleOf, failed, "", "", prefix + "VMI is in failed status", apierrors.IsConflict},
		{"console without a serial port", consoleOf, up(func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Domain.Devices.AutoattachSerialConsole = &off }), "", "",
			"No serial consoles are present.", apierrors.IsBadRequest},
		{"screen", vncOf, up(), "", "", "", nil},
		{"screen, politely", vncOf, up(), "preserveSession=true", "preserveSession=true", "", nil},
		{"screen, not politely", vncOf, up(), "preserveSession=false", "", "", nil},
		{"screen, unclear", vncOf, up(), "preserveSession=maybe", "", `preserveSession: "maybe" is neither true nor false`, apierrors.IsBadRequest},
		{"screen, alone", vncOf, up(), "exclusive=1", "exclusive=true", "", nil},
		{"screen, alone but politely", vncOf, up(), "exclusive=true&preserveSession=true", "",
			"preserveSession, exclusive: one spares those who watch, the other sends them away; give one of them", apierrors.IsBadRequest},
		{"screen, alone perhaps", vncOf, up(), "exclusive=maybe", "", `exclusive: "maybe" is neither true nor false`, apierrors.IsBadRequest},
		{"no screen", vncOf, up(func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Domain.Devices.AutoattachGraphicsDevice = &off }), "", "",
			"No graphics devices are present.", apierrors.IsBadRequest},
		{"screen of nothing yet", vncOf, stored(), "", "", "VMI is not running", apierrors.IsBadRequest},
		{"USB", usbOf, up(usb), "", "", "", nil},
		{"no USB", usbOf, up(), "", "", prefix + "Not configured with USB Redirection", apierrors.IsConflict},
		{"USB of s390x", usbOf, up(usb, func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Architecture = "s390x" }), "", "", prefix + "No USB support on s390x", apierrors.IsConflict},
		{"VSOCK", vsockOf, up(vsock), "port=22", "port=22&tls=true", "", nil},
		{"VSOCK in the clear", vsockOf, up(vsock), "port=4294967295&tls=false", "port=4294967295&tls=false", "", nil},
		{"no VSOCK", vsockOf, up(), "port=22", "", "VSOCK is not attached.", apierrors.IsBadRequest},
		{"VSOCK without a port", vsockOf, up(vsock), "", "", `port: "" is no port of VSOCK; give a number from 1 to 4294967295`, apierrors.IsBadRequest},
	} {
		query, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		asked, err := c.check(c.vmi, query)
		expect(t, c.name, err, c.want, c.reason)
		if asked.Encode() != c.asked {
			t.Errorf("%s: the plugin is asked with %q, want %q", c.name, asked.Encode(), c.asked)
		}
	}
}
