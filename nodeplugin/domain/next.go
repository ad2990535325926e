// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/identity"
	"github.com/virtplane/virtplane/launcher/session"
)

// Facts are what this node knows of a guest.
type Facts struct {
	// Report is the launcher's last one; nil before the first.
	Report *session.Report
	// Interfaces are the plumbed NICs.
	Interfaces []session.Interface
	// PodIPs are the launcher pod's addresses, IPv4 first.
	PodIPs []string
	// Problem is why the guest cannot be given what its spec asks for; empty when it can.
	Problem string
}

const (
	reasonSyncFailed    = "SyncFailed"
	reasonNotMigratable = "NotMigratable"
	// reportIOError is the reason with which a launcher reports a guest paused by a disk error.
	reportIOError = "IOError"
	// podInterface and infoDomain are what status.interfaces says of a NIC that QEMU has.
	podInterface = "eth0"
	infoDomain   = "domain"
	linkUp       = "up"
	linkDown     = "down"
	// maxTransitions caps status.phaseTransitionTimestamps; there are eight phases.
	maxTransitions = 16
)

// next returns the status that vmi should have, given the facts. It never brings back a guest
// that has ended, and changes nothing that it does not know better.
func next(vmi *v1.VirtualMachineInstance, f Facts, now metav1.Time) v1.VirtualMachineInstanceStatus {
	status := *vmi.Status.DeepCopy()
	if vmi.IsFinal() {
		return status
	}
	if f.Problem != "" {
		setCondition(&status, v1.VirtualMachineInstanceSynchronized, v1.ConditionFalse, reasonSyncFailed, f.Problem, now)
	} else if c := vmi.Condition(v1.VirtualMachineInstanceSynchronized); c != nil && c.Reason == reasonSyncFailed {
		dropCondition(&status, v1.VirtualMachineInstanceSynchronized)
	}
	if f.Report == nil {
		return status
	}
	switch f.Report.State {
	case session.StateRunning, session.StatePaused:
		running(vmi, &status, f, now)
	case session.StateShutdown:
		ended(&status, v1.Succeeded, f.Report, now)
	case session.StateFailed:
		ended(&status, v1.Failed, f.Report, now)
	}
	return status
}

// running fills in all that is known of a guest that runs, in one write with the phase.
func running(vmi *v1.VirtualMachineInstance, status *v1.VirtualMachineInstanceStatus, f Facts, now metav1.Time) {
	begins := status.Phase != v1.Running
	setPhase(status, v1.Running, now)
	status.Interfaces = interfaces(vmi, f, status.Interfaces)
	agentStatus(status, f.Report, now)
	status.VolumeStatus = volumes(vmi, f.Report, status.VolumeStatus)
	if f.Report.Machine != "" {
		status.Machine = &v1.Machine{Type: f.Report.Machine}
	}
	status.Firmware = firmware(vmi, status.Firmware)
	status.Memory = memory(vmi, f.Report, status.Memory)
	if cpu := vmi.Spec.Domain.CPU; cpu != nil {
		status.CurrentCPUTopology = &v1.CPUTopology{Cores: cpu.Cores, Sockets: cpu.Sockets, Threads: cpu.Threads}
	}
	// Afterwards readiness is the pod's, which virt-controller follows; with a probe it always is.
	if begins && vmi.Spec.ReadinessProbe == nil {
		setCondition(status, v1.VirtualMachineInstanceReady, v1.ConditionTrue, "", "", now)
	}
	if f.Report.Emulated {
		setCondition(status, v1.VirtualMachineInstanceSoftwareEmulation, v1.ConditionTrue, "NoHardwareVirtualization",
			"the guest runs without hardware virtualization", now)
	} else {
		dropCondition(status, v1.VirtualMachineInstanceSoftwareEmulation)
	}
	// Said for as long as it is so: clients ask before they drain a node.
	setCondition(status, v1.VirtualMachineInstanceIsMigratable, v1.ConditionFalse, reasonNotMigratable,
		"guests cannot move between nodes with this version of virtplane", now)
	switch {
	case f.Report.State != session.StatePaused:
		dropCondition(status, v1.VirtualMachineInstancePaused)
	case f.Report.Reason == reportIOError:
		setCondition(status, v1.VirtualMachineInstancePaused, v1.ConditionTrue, v1.ReasonPausedIOError, "VMI was paused, low-level IO error detected", now)
	default:
		setCondition(status, v1.VirtualMachineInstancePaused, v1.ConditionTrue, v1.ReasonPausedByUser, "VMI was paused by user", now)
	}
}

// ended writes the last status of a guest.
func ended(status *v1.VirtualMachineInstanceStatus, phase v1.VirtualMachineInstancePhase, r *session.Report, now metav1.Time) {
	setPhase(status, phase, now)
	if phase == v1.Failed {
		status.Reason = r.Reason
	}
	dropCondition(status, v1.VirtualMachineInstancePaused)
	agentStatus(status, &session.Report{}, now)
	setCondition(status, v1.VirtualMachineInstanceReady, v1.ConditionFalse, v1.ReasonGuestNotRunning, r.Message, now)
}

func interfaces(vmi *v1.VirtualMachineInstance, f Facts, old []v1.VirtualMachineInstanceNetworkInterface) []v1.VirtualMachineInstanceNetworkInterface {
	if len(f.Interfaces) == 0 {
		return old // after a restart of the plugin the launcher may report before it is plumbed again
	}
	var list []v1.VirtualMachineInstanceNetworkInterface
	for _, plumbed := range f.Interfaces {
		nic := v1.VirtualMachineInstanceNetworkInterface{
			Name: plumbed.Name, MAC: plumbed.MAC, IPs: f.PodIPs, PodInterfaceName: podInterface,
			InfoSource: infoDomain, QueueCount: int32(max(plumbed.Queues, 1)), LinkState: linkState(vmi, plumbed.Name),
		}
		if len(f.PodIPs) > 0 {
			nic.IP = f.PodIPs[0]
		}
		list = append(list, nic)
	}
	return withAgent(vmi, list, f.Report)
}

// linkState is what the NIC began with: nothing changes it while the guest runs.
func linkState(vmi *v1.VirtualMachineInstance, name string) string {
	for i := range vmi.Spec.Domain.Devices.Interfaces {
		if nic := &vmi.Spec.Domain.Devices.Interfaces[i]; nic.Name == name && nic.State == v1.InterfaceStateLinkDown {
			return linkDown
		}
	}
	return linkUp
}

func volumes(vmi *v1.VirtualMachineInstance, r *session.Report, old []v1.VolumeStatus) []v1.VolumeStatus {
	if len(r.Disks) == 0 {
		return old
	}
	var list []v1.VolumeStatus
	for _, volume := range vmi.Spec.Volumes {
		list = append(list, v1.VolumeStatus{Name: volume.Name, Target: r.Disks[volume.Name], SizeBytes: r.Sizes[volume.Name]})
	}
	return list
}

// firmware is what the launcher makes of the same instance by the same rule. What was said once stays:
// it is what a guest of an older version of this rule runs with.
func firmware(vmi *v1.VirtualMachineInstance, old *v1.FirmwareStatus) *v1.FirmwareStatus {
	uuid, err := identity.UUID(vmi)
	if old != nil || err != nil {
		return old
	}
	return &v1.FirmwareStatus{UUID: uuid, Serial: identity.Serial(vmi)}
}

func memory(vmi *v1.VirtualMachineInstance, r *session.Report, old *v1.MemoryStatus) *v1.MemoryStatus {
	result := old.DeepCopy()
	if result == nil {
		result = &v1.MemoryStatus{}
	}
	if m := vmi.Spec.Domain.Memory; m != nil && m.Guest != nil {
		boot, requested := m.Guest.DeepCopy(), m.Guest.DeepCopy()
		result.GuestAtBoot, result.GuestRequested = &boot, &requested
	}
	if r.MemoryKiB > 0 {
		result.GuestCurrent = resource.NewQuantity(int64(r.MemoryKiB)<<10, resource.BinarySI)
	}
	return result
}

func setPhase(status *v1.VirtualMachineInstanceStatus, phase v1.VirtualMachineInstancePhase, now metav1.Time) {
	if status.Phase == phase {
		return
	}
	status.Phase = phase
	if len(status.PhaseTransitionTimestamps) < maxTransitions {
		status.PhaseTransitionTimestamps = append(status.PhaseTransitionTimestamps,
			v1.VirtualMachineInstancePhaseTransitionTimestamp{Phase: phase, PhaseTransitionTimestamp: now})
	}
}

// event is something that happened to an instance, for its owner to read.
type event struct {
	kind, reason, message string
}

// events tells what happened between two statuses.
func events(old, now *v1.VirtualMachineInstanceStatus, f Facts) []event {
	var list []event
	failed := func(s *v1.VirtualMachineInstanceStatus) string {
		for _, c := range s.Conditions {
			if c.Type == v1.VirtualMachineInstanceSynchronized && c.Status == v1.ConditionFalse {
				return c.Message
			}
		}
		return ""
	}
	if message := failed(now); message != "" && message != failed(old) {
		list = append(list, event{corev1.EventTypeWarning, reasonSyncFailed, message})
	}
	if old.Phase == now.Phase {
		return list
	}
	switch now.Phase {
	case v1.Running:
		list = append(list, event{corev1.EventTypeNormal, "Started", "VirtualMachineInstance started."})
	case v1.Succeeded:
		list = append(list, event{corev1.EventTypeNormal, "Stopped", "The VirtualMachineInstance was shut down."})
	case v1.Failed:
		message := "The VirtualMachineInstance crashed."
		if f.Report != nil && f.Report.Message != "" {
			message = "The VirtualMachineInstance failed: " + f.Report.Message
		}
		list = append(list, event{corev1.EventTypeWarning, "Stopped", message})
	}
	return list
}
