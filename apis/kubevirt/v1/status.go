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
	// Phase is the step of the instance's life: Pending, Scheduling, Scheduled, Running, Succeeded, Failed, WaitingForSync or Unknown.
	// +optional
	Phase VirtualMachineInstancePhase `json:"phase,omitempty" protobuf:"bytes,3,opt,name=phase,casttype=VirtualMachineInstancePhase"`
	// PhaseTransitionTimestamps tell when each phase began.
	// +optional
	// +listType=atomic
	PhaseTransitionTimestamps []VirtualMachineInstancePhaseTransitionTimestamp `json:"phaseTransitionTimestamps,omitempty" protobuf:"bytes,4,rep,name=phaseTransitionTimestamps"`
	// Conditions hold the details of the instance's state.
	// +optional
	// +patchMergeKey=type
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=type
	Conditions []VirtualMachineInstanceCondition `json:"conditions,omitempty" patchStrategy:"merge" patchMergeKey:"type" protobuf:"bytes,5,rep,name=conditions"`
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
	// MigrationState is the last or current move to another node.
	// +optional
	MigrationState *VirtualMachineInstanceMigrationState `json:"migrationState,omitempty" protobuf:"bytes,16,opt,name=migrationState"`
	// MigrationMethod is how the guest would move: LiveMigration (shared storage) or BlockMigration (disks are copied).
	// +optional
	MigrationMethod VirtualMachineInstanceMigrationMethod `json:"migrationMethod,omitempty" protobuf:"bytes,17,opt,name=migrationMethod,casttype=VirtualMachineInstanceMigrationMethod"`
	// MigrationTransport is the channel between launchers: Unix.
	// +optional
	MigrationTransport VirtualMachineInstanceMigrationTransport `json:"migrationTransport,omitempty" protobuf:"bytes,18,opt,name=migrationTransport,casttype=VirtualMachineInstanceMigrationTransport"`
	// EvacuationNodeName is the node that the guest shall leave.
	// +optional
	EvacuationNodeName string `json:"evacuationNodeName,omitempty" protobuf:"bytes,19,opt,name=evacuationNodeName"`
	// KernelBootStatus is what is known of a kernel that was booted from an image.
	// +optional
	KernelBootStatus *KernelBootStatus `json:"kernelBootStatus,omitempty" protobuf:"bytes,20,opt,name=kernelBootStatus"`
	// FSFreezeStatus is frozen while the guest's file systems are frozen.
	// +optional
	FSFreezeStatus string `json:"fsFreezeStatus,omitempty" protobuf:"bytes,21,opt,name=fsFreezeStatus"`
	// TopologyHints are properties of the first node that other nodes have to offer, too.
	// +optional
	TopologyHints *TopologyHints `json:"topologyHints,omitempty" protobuf:"bytes,22,opt,name=topologyHints"`
	// VirtualMachineRevisionName is the ControllerRevision with the spec that the instance was made from.
	// +optional
	VirtualMachineRevisionName string `json:"virtualMachineRevisionName,omitempty" protobuf:"bytes,23,opt,name=virtualMachineRevisionName"`
	// VSOCKCID is the guest's address for sockets to its node.
	// +optional
	VSOCKCID *uint32 `json:"VSOCKCID,omitempty" protobuf:"varint,24,opt,name=VSOCKCID"`
	// SelinuxContext is the SELinux context of the launcher.
	// +optional
	SelinuxContext string `json:"selinuxContext,omitempty" protobuf:"bytes,25,opt,name=selinuxContext"`
	// MigratedVolumes are the volumes that are copied while the guest moves.
	// +optional
	// +listType=atomic
	MigratedVolumes []StorageMigratedVolumeInfo `json:"migratedVolumes,omitempty" protobuf:"bytes,26,rep,name=migratedVolumes"`
	// ChangedBlockTracking is the state of recording changed blocks for incremental backups.
	// +optional
	// +nullable
	ChangedBlockTracking *ChangedBlockTrackingStatus `json:"changedBlockTracking,omitempty" protobuf:"bytes,27,opt,name=changedBlockTracking"`
	// Firmware is what the machine goes by in its SMBIOS tables: of the spec, or derived from the instance's namespace and name. The published API has no such field: it writes random values into the spec.
	// +optional
	Firmware *FirmwareStatus `json:"firmware,omitempty" protobuf:"bytes,28,opt,name=firmware"`
}

// FirmwareStatus is what a machine goes by.
type FirmwareStatus struct {
	// UUID of the machine.
	UUID string `json:"uuid" protobuf:"bytes,1,opt,name=uuid"`
	// Serial number of the machine.
	Serial string `json:"serial" protobuf:"bytes,2,opt,name=serial"`
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
	// WaitingForSync means that the instance waits for a guest of another cluster.
	WaitingForSync VirtualMachineInstancePhase = "WaitingForSync"
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
