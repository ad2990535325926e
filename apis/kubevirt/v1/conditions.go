// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VirtualMachineInstanceCondition is one aspect of an instance's state.
type VirtualMachineInstanceCondition struct {
	// Type names the aspect, such as Ready, Paused or Synchronized.
	Type VirtualMachineInstanceConditionType `json:"type" protobuf:"bytes,1,opt,name=type,casttype=VirtualMachineInstanceConditionType"`
	// Status is True, False or Unknown.
	Status ConditionStatus `json:"status" protobuf:"bytes,2,opt,name=status,casttype=ConditionStatus"`
	// LastProbeTime is when the condition was last looked at.
	// +optional
	// +nullable
	LastProbeTime metav1.Time `json:"lastProbeTime,omitempty" protobuf:"bytes,3,opt,name=lastProbeTime"`
	// LastTransitionTime is when the status last changed.
	// +optional
	// +nullable
	LastTransitionTime metav1.Time `json:"lastTransitionTime,omitempty" protobuf:"bytes,4,opt,name=lastTransitionTime"`
	// Reason is one CamelCase word for the cause.
	// +optional
	Reason string `json:"reason,omitempty" protobuf:"bytes,5,opt,name=reason"`
	// Message is a sentence for people.
	// +optional
	Message string `json:"message,omitempty" protobuf:"bytes,6,opt,name=message"`
}

// VirtualMachineInstanceConditionType names an aspect of an instance's state.
type VirtualMachineInstanceConditionType string

const (
	// VirtualMachineInstanceReady tells that the guest runs and passes its readiness probe.
	VirtualMachineInstanceReady VirtualMachineInstanceConditionType = "Ready"
	// VirtualMachineInstanceProvisioning tells that the instance waits for something it needs.
	VirtualMachineInstanceProvisioning VirtualMachineInstanceConditionType = "Provisioning"
	// VirtualMachineInstanceSynchronized is False when the node could not do what the spec asks for.
	VirtualMachineInstanceSynchronized VirtualMachineInstanceConditionType = "Synchronized"
	// VirtualMachineInstancePaused tells that the guest's CPUs are stopped.
	VirtualMachineInstancePaused VirtualMachineInstanceConditionType = "Paused"
	// VirtualMachineInstanceAgentConnected tells that the guest agent answers.
	VirtualMachineInstanceAgentConnected VirtualMachineInstanceConditionType = "AgentConnected"
	// VirtualMachineInstanceSoftwareEmulation tells that the guest runs without hardware virtualization.
	VirtualMachineInstanceSoftwareEmulation VirtualMachineInstanceConditionType = "SoftwareEmulation"
	// VirtualMachineInstanceAccessCredentialsSynchronized tells whether access credentials reached the guest.
	VirtualMachineInstanceAccessCredentialsSynchronized VirtualMachineInstanceConditionType = "AccessCredentialsSynchronized"
	// VirtualMachineInstanceUnsupportedAgent tells that the guest agent is of a version that lacks commands.
	VirtualMachineInstanceUnsupportedAgent VirtualMachineInstanceConditionType = "AgentVersionNotSupported"
	// VirtualMachineInstanceIsMigratable tells whether the guest can move to another node.
	VirtualMachineInstanceIsMigratable VirtualMachineInstanceConditionType = "LiveMigratable"
	// VirtualMachineInstanceIsStorageLiveMigratable tells whether the guest can move along with its disks.
	VirtualMachineInstanceIsStorageLiveMigratable VirtualMachineInstanceConditionType = "StorageLiveMigratable"
	// VirtualMachineInstanceVCPUChange tells that CPUs are being plugged in.
	VirtualMachineInstanceVCPUChange VirtualMachineInstanceConditionType = "HotVCPUChange"
	// VirtualMachineInstanceMemoryChange tells that memory is being plugged in.
	VirtualMachineInstanceMemoryChange VirtualMachineInstanceConditionType = "HotMemoryChange"
	// VirtualMachineInstanceVolumesChange tells that volumes are being copied to others.
	VirtualMachineInstanceVolumesChange VirtualMachineInstanceConditionType = "VolumesChange"
	// VirtualMachineInstanceDataVolumesReady tells whether all DataVolumes are filled.
	VirtualMachineInstanceDataVolumesReady VirtualMachineInstanceConditionType = "DataVolumesReady"
	// VirtualMachineInstanceMigrationRequired tells that a change takes effect by moving the guest.
	VirtualMachineInstanceMigrationRequired VirtualMachineInstanceConditionType = "MigrationRequired"
	// VirtualMachineInstanceEvictionRequested tells that the guest was asked to leave its node.
	VirtualMachineInstanceEvictionRequested VirtualMachineInstanceConditionType = "EvictionRequested"
	// VirtualMachineInstanceDecentralizedLiveMigrationFailure tells that a move to another cluster failed.
	VirtualMachineInstanceDecentralizedLiveMigrationFailure VirtualMachineInstanceConditionType = "DecentralizedLiveMigrationFailure"
	// VirtualMachineInstancePodScheduled is the launcher pod's condition PodScheduled while it is not True.
	VirtualMachineInstancePodScheduled VirtualMachineInstanceConditionType = "PodScheduled"
)

const (
	// ReasonGuestNotRunning is the reason of Ready=False before the guest runs and after it ended.
	ReasonGuestNotRunning = "GuestNotRunning"
	// ReasonPodNotExists is the reason of Ready=False while there is no launcher pod.
	ReasonPodNotExists = "PodNotExists"
	// ReasonPodTerminating is the reason of Ready=False while the launcher pod ends.
	ReasonPodTerminating = "PodTerminating"
	// ReasonPodConditionMissing is the reason of Ready=False while the launcher pod has no Ready condition.
	ReasonPodConditionMissing = "PodConditionMissing"
	// ReasonPausedByUser is the reason of Paused after the pause subresource.
	ReasonPausedByUser = "PausedByUser"
	// ReasonPausedIOError is the reason of Paused after a disk error.
	ReasonPausedIOError = "PausedIOError"
)
