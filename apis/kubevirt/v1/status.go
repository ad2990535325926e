// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// VirtualMachineInstanceStatus is what was last seen of an instance.
type VirtualMachineInstanceStatus struct {
	// NodeName is the node that runs the guest.
	// +optional
	NodeName string `json:"nodeName,omitempty" protobuf:"bytes,1,opt,name=nodeName"`
	// Reason is one CamelCase word for why the instance is in its phase.
	// +optional
	Reason string `json:"reason,omitempty" protobuf:"bytes,2,opt,name=reason"`
	// Phase is the step of the instance's life: Pending, Scheduling, Scheduled, Running, Succeeded, Failed or Unknown.
	// +optional
	Phase VirtualMachineInstancePhase `json:"phase,omitempty" protobuf:"bytes,3,opt,name=phase,casttype=VirtualMachineInstancePhase"`
	// PhaseTransitionTimestamps tell when each phase began.
	// +optional
	// +listType=atomic
	PhaseTransitionTimestamps []VirtualMachineInstancePhaseTransitionTimestamp `json:"phaseTransitionTimestamps,omitempty" protobuf:"bytes,4,rep,name=phaseTransitionTimestamps"`
	// Conditions hold the details of the instance's state.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []VirtualMachineInstanceCondition `json:"conditions,omitempty" protobuf:"bytes,5,rep,name=conditions"`
	// Interfaces are the guest's NICs, as seen by virtplane and the guest agent.
	// +optional
	// +listType=atomic
	Interfaces []VirtualMachineInstanceNetworkInterface `json:"interfaces,omitempty" protobuf:"bytes,6,rep,name=interfaces"`
	// VolumeStatus tells where each volume is attached.
	// +optional
	// +listType=atomic
	VolumeStatus []VolumeStatus `json:"volumeStatus,omitempty" protobuf:"bytes,7,rep,name=volumeStatus"`
	// ActivePods maps the UID of each launcher pod that exists to its node; written by virt-controller alone.
	// +optional
	ActivePods map[types.UID]string `json:"activePods,omitempty" protobuf:"bytes,8,rep,name=activePods,castkey=k8s.io/apimachinery/pkg/types.UID"`
	// QOSClass is the quality of service class of the launcher pod.
	// +optional
	QOSClass *corev1.PodQOSClass `json:"qosClass,omitempty" protobuf:"bytes,9,opt,name=qosClass,casttype=k8s.io/api/core/v1.PodQOSClass"`
	// RuntimeUser is the user that QEMU runs as.
	// +optional
	RuntimeUser int64 `json:"runtimeUser" protobuf:"varint,10,opt,name=runtimeUser"`
	// Machine is the machine type that the guest got.
	// +optional
	Machine *Machine `json:"machine,omitempty" protobuf:"bytes,11,opt,name=machine"`
	// CurrentCPUTopology is the CPU topology that the guest has.
	// +optional
	CurrentCPUTopology *CPUTopology `json:"currentCPUTopology,omitempty" protobuf:"bytes,12,opt,name=currentCPUTopology"`
	// Memory is the memory that the guest has.
	// +optional
	Memory *MemoryStatus `json:"memory,omitempty" protobuf:"bytes,13,opt,name=memory"`
	// GuestOSInfo is what the guest agent says of the operating system.
	// +optional
	GuestOSInfo VirtualMachineInstanceGuestOSInfo `json:"guestOSInfo,omitempty" protobuf:"bytes,14,opt,name=guestOSInfo"`
	// LauncherContainerImageVersion is the image of the launcher that runs the guest.
	// +optional
	LauncherContainerImageVersion string `json:"launcherContainerImageVersion,omitempty" protobuf:"bytes,15,opt,name=launcherContainerImageVersion"`
}

// VirtualMachineInstancePhase is the step of an instance's life.
type VirtualMachineInstancePhase string

const (
	// Unset is the phase of an instance that no component has looked at.
	Unset VirtualMachineInstancePhase = ""
	// Pending means that there is no launcher pod yet.
	Pending VirtualMachineInstancePhase = "Pending"
	// Scheduling means that the launcher pod waits for a node.
	Scheduling VirtualMachineInstancePhase = "Scheduling"
	// Scheduled means that a node was found and starts the launcher.
	Scheduled VirtualMachineInstancePhase = "Scheduled"
	// Running means that QEMU runs the guest, be it paused.
	Running VirtualMachineInstancePhase = "Running"
	// Succeeded means that the guest shut down or was stopped.
	Succeeded VirtualMachineInstancePhase = "Succeeded"
	// Failed means that the guest crashed, could not start or was lost.
	Failed VirtualMachineInstancePhase = "Failed"
	// Unknown means that the node cannot be asked.
	Unknown VirtualMachineInstancePhase = "Unknown"
)

// VirtualMachineInstancePhaseTransitionTimestamp tells when a phase began.
type VirtualMachineInstancePhaseTransitionTimestamp struct {
	// Phase that began.
	// +optional
	Phase VirtualMachineInstancePhase `json:"phase,omitempty" protobuf:"bytes,1,opt,name=phase,casttype=VirtualMachineInstancePhase"`
	// PhaseTransitionTimestamp is when it began.
	// +optional
	PhaseTransitionTimestamp metav1.Time `json:"phaseTransitionTimestamp,omitempty" protobuf:"bytes,2,opt,name=phaseTransitionTimestamp"`
}

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

// VirtualMachineInstanceNetworkInterface is a NIC as it was seen.
type VirtualMachineInstanceNetworkInterface struct {
	// IP is the first address.
	// +optional
	IP string `json:"ipAddress,omitempty" protobuf:"bytes,1,opt,name=ipAddress"`
	// MAC is the hardware address.
	// +optional
	MAC string `json:"mac,omitempty" protobuf:"bytes,2,opt,name=mac"`
	// Name is the interface's name in the spec.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,3,opt,name=name"`
	// IPs are all addresses, the first one included.
	// +optional
	// +listType=atomic
	IPs []string `json:"ipAddresses,omitempty" protobuf:"bytes,4,rep,name=ipAddresses"`
	// PodInterfaceName is the pod's interface that the NIC is connected to.
	// +optional
	PodInterfaceName string `json:"podInterfaceName,omitempty" protobuf:"bytes,5,opt,name=podInterfaceName"`
	// InterfaceName is the name of the NIC in the guest, from the guest agent.
	// +optional
	InterfaceName string `json:"interfaceName,omitempty" protobuf:"bytes,6,opt,name=interfaceName"`
	// InfoSource tells where this was seen: domain, guest-agent, multus-status.
	// +optional
	InfoSource string `json:"infoSource,omitempty" protobuf:"bytes,7,opt,name=infoSource"`
	// QueueCount is the number of queues.
	// +optional
	QueueCount int32 `json:"queueCount,omitempty" protobuf:"varint,8,opt,name=queueCount"`
	// LinkState is up or down.
	// +optional
	LinkState string `json:"linkState,omitempty" protobuf:"bytes,9,opt,name=linkState"`
}

// VolumeStatus tells where a volume is attached.
type VolumeStatus struct {
	// Name of the volume.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Target is the device name in the guest's domain, such as vda.
	Target string `json:"target" protobuf:"bytes,2,opt,name=target"`
}

// CPUTopology counts CPUs.
type CPUTopology struct {
	// Cores per socket.
	// +optional
	Cores uint32 `json:"cores,omitempty" protobuf:"varint,1,opt,name=cores"`
	// Sockets of the machine.
	// +optional
	Sockets uint32 `json:"sockets,omitempty" protobuf:"varint,2,opt,name=sockets"`
	// Threads per core.
	// +optional
	Threads uint32 `json:"threads,omitempty" protobuf:"varint,3,opt,name=threads"`
}

// MemoryStatus is the memory that a guest has.
type MemoryStatus struct {
	// GuestAtBoot is the memory that the guest booted with.
	// +optional
	GuestAtBoot *resource.Quantity `json:"guestAtBoot,omitempty" protobuf:"bytes,1,opt,name=guestAtBoot"`
	// GuestCurrent is the memory that the guest has now.
	// +optional
	GuestCurrent *resource.Quantity `json:"guestCurrent,omitempty" protobuf:"bytes,2,opt,name=guestCurrent"`
	// GuestRequested is the memory that the spec asks for.
	// +optional
	GuestRequested *resource.Quantity `json:"guestRequested,omitempty" protobuf:"bytes,3,opt,name=guestRequested"`
	// MemoryOverhead is the memory that is reserved beside the guest's.
	// +optional
	MemoryOverhead *resource.Quantity `json:"memoryOverhead,omitempty" protobuf:"bytes,4,opt,name=memoryOverhead"`
}

// VirtualMachineInstanceGuestOSInfo is what the guest agent says of the operating system.
type VirtualMachineInstanceGuestOSInfo struct {
	// Name of the operating system.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
	// KernelRelease of the guest.
	// +optional
	KernelRelease string `json:"kernelRelease,omitempty" protobuf:"bytes,2,opt,name=kernelRelease"`
	// Version of the operating system.
	// +optional
	Version string `json:"version,omitempty" protobuf:"bytes,3,opt,name=version"`
	// PrettyName of the operating system.
	// +optional
	PrettyName string `json:"prettyName,omitempty" protobuf:"bytes,4,opt,name=prettyName"`
	// VersionID of the operating system.
	// +optional
	VersionID string `json:"versionId,omitempty" protobuf:"bytes,5,opt,name=versionId"`
	// KernelVersion of the guest.
	// +optional
	KernelVersion string `json:"kernelVersion,omitempty" protobuf:"bytes,6,opt,name=kernelVersion"`
	// Machine is the hardware name, such as x86_64.
	// +optional
	Machine string `json:"machine,omitempty" protobuf:"bytes,7,opt,name=machine"`
	// ID of the operating system.
	// +optional
	ID string `json:"id,omitempty" protobuf:"bytes,8,opt,name=id"`
}
