// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import corev1 "k8s.io/api/core/v1"

// DomainSpec is the guest's machine.
type DomainSpec struct {
	// Resources are the CPU and memory that the launcher pod asks for.
	// +optional
	Resources ResourceRequirements `json:"resources,omitempty" protobuf:"bytes,1,opt,name=resources"`
	// CPU is the guest's CPU topology and model.
	// +optional
	CPU *CPU `json:"cpu,omitempty" protobuf:"bytes,2,opt,name=cpu"`
	// Memory is the guest's memory.
	// +optional
	Memory *Memory `json:"memory,omitempty" protobuf:"bytes,3,opt,name=memory"`
	// Machine is the machine type that the guest sees.
	// +optional
	Machine *Machine `json:"machine,omitempty" protobuf:"bytes,4,opt,name=machine"`
	// Firmware holds the machine's identity and its boot loader.
	// +optional
	Firmware *Firmware `json:"firmware,omitempty" protobuf:"bytes,5,opt,name=firmware"`
	// Features are switches of the machine.
	// +optional
	Features *Features `json:"features,omitempty" protobuf:"bytes,6,opt,name=features"`
	// Devices are the guest's devices.
	// +optional
	Devices Devices `json:"devices,omitempty" protobuf:"bytes,7,opt,name=devices"`
	// Clock is the guest's clock when it starts, and its timers. Defaults to UTC.
	// +optional
	Clock *Clock `json:"clock,omitempty" protobuf:"bytes,8,opt,name=clock"`
	// IOThreadsPolicy spreads disks over I/O threads: shared, auto or supplementalPool. Without it, disks share QEMU's main thread.
	// +optional
	IOThreadsPolicy *IOThreadsPolicy `json:"ioThreadsPolicy,omitempty" protobuf:"bytes,9,opt,name=ioThreadsPolicy,casttype=IOThreadsPolicy"`
	// IOThreads sizes the pool of ioThreadsPolicy supplementalPool.
	// +optional
	IOThreads *DiskIOThreads `json:"ioThreads,omitempty" protobuf:"bytes,10,opt,name=ioThreads"`
	// Chassis is what the guest reads of its case from its SMBIOS tables.
	// +optional
	Chassis *Chassis `json:"chassis,omitempty" protobuf:"bytes,11,opt,name=chassis"`
	// LaunchSecurity encrypts the guest's memory so that the node cannot read it.
	// +optional
	LaunchSecurity *LaunchSecurity `json:"launchSecurity,omitempty" protobuf:"bytes,12,opt,name=launchSecurity"`
	// RebootPolicy tells what a reboot by the guest does: Reboot or Terminate. Defaults to Reboot.
	// +optional
	RebootPolicy *RebootPolicy `json:"rebootPolicy,omitempty" protobuf:"bytes,13,opt,name=rebootPolicy,casttype=RebootPolicy"`
}

// ResourceRequirements are the CPU and memory that the launcher pod asks for.
type ResourceRequirements struct {
	// Requests is the least that the node must have free. Memory here also sets the guest's memory when memory.guest is absent.
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty" protobuf:"bytes,1,rep,name=requests,casttype=k8s.io/api/core/v1.ResourceList,castkey=k8s.io/api/core/v1.ResourceName"`
	// Limits is the most that the guest may use.
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty" protobuf:"bytes,2,rep,name=limits,casttype=k8s.io/api/core/v1.ResourceList,castkey=k8s.io/api/core/v1.ResourceName"`
	// OvercommitGuestOverhead leaves the memory that a VM needs beside its guest out of the request.
	// +optional
	OvercommitGuestOverhead bool `json:"overcommitGuestOverhead,omitempty" protobuf:"varint,3,opt,name=overcommitGuestOverhead"`
}

// Machine is the machine type that the guest sees.
type Machine struct {
	// Type is q35 or a versioned pc-q35 machine. Defaults to q35.
	// +optional
	Type string `json:"type" protobuf:"bytes,1,opt,name=type"`
}
