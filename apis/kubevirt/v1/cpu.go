// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import "k8s.io/apimachinery/pkg/api/resource"

// CPU is the guest's CPU topology and model.
type CPU struct {
	// Cores per socket. Defaults to 1.
	// +optional
	Cores uint32 `json:"cores,omitempty" protobuf:"varint,1,opt,name=cores"`
	// Sockets of the machine. Defaults to 1.
	// +optional
	Sockets uint32 `json:"sockets,omitempty" protobuf:"varint,2,opt,name=sockets"`
	// Threads per core. Defaults to 1.
	// +optional
	Threads uint32 `json:"threads,omitempty" protobuf:"varint,3,opt,name=threads"`
	// Model is host-model (the default), host-passthrough or a model that libvirt knows.
	// +optional
	Model string `json:"model,omitempty" protobuf:"bytes,4,opt,name=model"`
	// Features switches single CPU features on or off.
	// +optional
	// +listType=map
	// +listMapKey=name
	Features []CPUFeature `json:"features,omitempty" protobuf:"bytes,5,rep,name=features"`
	// MaxSockets is the number of sockets that CPUs can be added up to while the guest runs. Defaults to 4 times sockets.
	// +optional
	MaxSockets uint32 `json:"maxSockets,omitempty" protobuf:"varint,6,opt,name=maxSockets"`
	// DedicatedCPUPlacement gives each CPU of the guest a CPU of the node that nothing else uses; the launcher pod then is of the class Guaranteed.
	// +optional
	DedicatedCPUPlacement bool `json:"dedicatedCpuPlacement,omitempty" protobuf:"varint,7,opt,name=dedicatedCpuPlacement"`
	// NUMA is the NUMA topology that the guest sees.
	// +optional
	NUMA *NUMA `json:"numa,omitempty" protobuf:"bytes,8,opt,name=numa"`
	// IsolateEmulatorThread gives QEMU's own threads one more CPU of the node; needs dedicatedCpuPlacement.
	// +optional
	IsolateEmulatorThread bool `json:"isolateEmulatorThread,omitempty" protobuf:"varint,9,opt,name=isolateEmulatorThread"`
	// Realtime tunes the guest for latency; needs dedicatedCpuPlacement and huge pages.
	// +optional
	Realtime *Realtime `json:"realtime,omitempty" protobuf:"bytes,10,opt,name=realtime"`
}

// CPUFeature switches one CPU feature.
type CPUFeature struct {
	// Name of the feature, as libvirt knows it.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Policy is force, require, optional, disable or forbid. Defaults to require.
	// +optional
	Policy string `json:"policy,omitempty" protobuf:"bytes,2,opt,name=policy"`
}

// Memory is the guest's memory.
type Memory struct {
	// Guest is the memory that the guest sees.
	// +optional
	Guest *resource.Quantity `json:"guest,omitempty" protobuf:"bytes,1,opt,name=guest"`
	// Hugepages backs the guest's memory by huge pages of the node.
	// +optional
	Hugepages *Hugepages `json:"hugepages,omitempty" protobuf:"bytes,2,opt,name=hugepages"`
	// MaxGuest is how much memory the guest can get while it runs. Defaults to 4 times guest.
	// +optional
	MaxGuest *resource.Quantity `json:"maxGuest,omitempty" protobuf:"bytes,3,opt,name=maxGuest"`
	// ReservedOverhead asks for memory beside the guest's, on top of what virtplane reserves.
	// +optional
	ReservedOverhead *ReservedOverhead `json:"reservedOverhead,omitempty" protobuf:"bytes,4,opt,name=reservedOverhead"`
}

// NUMA is the NUMA topology that a guest sees.
type NUMA struct {
	// GuestMappingPassthrough gives the guest the topology of the node's CPUs and huge pages that it was placed on.
	// +optional
	GuestMappingPassthrough *NUMAGuestMappingPassthrough `json:"guestMappingPassthrough,omitempty" protobuf:"bytes,1,opt,name=guestMappingPassthrough"`
}

// NUMAGuestMappingPassthrough gives a guest the topology of the resources that it was placed on.
type NUMAGuestMappingPassthrough struct{}

// Realtime tunes a guest for latency.
type Realtime struct {
	// Mask lists the CPUs of the guest that run at real-time priority, such as 0-3,^1. Defaults to all.
	// +optional
	Mask string `json:"mask,omitempty" protobuf:"bytes,1,opt,name=mask"`
}

// Hugepages backs a guest's memory by huge pages.
type Hugepages struct {
	// PageSize is the size of a page, such as 2Mi or 1Gi; the node must offer it as the resource hugepages-SIZE.
	// +optional
	PageSize string `json:"pageSize,omitempty" protobuf:"bytes,1,opt,name=pageSize"`
}

// ReservedOverhead is memory that an instance needs beside its guest's.
type ReservedOverhead struct {
	// AddedOverhead is added to the memory that virtplane reserves. Defaults to 0.
	// +optional
	AddedOverhead *resource.Quantity `json:"addedOverhead,omitempty" protobuf:"bytes,1,opt,name=addedOverhead"`
	// MemLock tells whether the guest's memory has to be locked: NotRequired or Required. Defaults to what the devices need.
	// +optional
	MemLock *MemLockRequirement `json:"memLock,omitempty" protobuf:"bytes,2,opt,name=memLock,casttype=MemLockRequirement"`
}

// MemLockRequirement tells whether a guest's memory has to be locked into the node's.
type MemLockRequirement string

const (
	// MemLockRequired locks all memory.
	MemLockRequired MemLockRequirement = "Required"
	// MemLockNotRequired leaves memory as it is.
	MemLockNotRequired MemLockRequirement = "NotRequired"
)
