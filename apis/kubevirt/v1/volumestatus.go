// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// VolumeStatus tells where a volume is attached.
type VolumeStatus struct {
	// Name of the volume.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Target is the device name in the guest's domain, such as vda.
	Target string `json:"target" protobuf:"bytes,2,opt,name=target"`
	// Phase is the step of attaching the volume: Pending, Bound, AttachedToNode, MountedToPod, Ready, Detaching or UnMountedFromPod, or of a memory dump.
	// +optional
	Phase VolumePhase `json:"phase,omitempty" protobuf:"bytes,3,opt,name=phase,casttype=VolumePhase"`
	// Reason is one CamelCase word for the phase.
	// +optional
	Reason string `json:"reason,omitempty" protobuf:"bytes,4,opt,name=reason"`
	// Message is a sentence for people.
	// +optional
	Message string `json:"message,omitempty" protobuf:"bytes,5,opt,name=message"`
	// PersistentVolumeClaimInfo is what is known of the claim.
	// +optional
	PersistentVolumeClaimInfo *PersistentVolumeClaimInfo `json:"persistentVolumeClaimInfo,omitempty" protobuf:"bytes,6,opt,name=persistentVolumeClaimInfo"`
	// HotplugVolume is the pod by which the volume was plugged in.
	// +optional
	HotplugVolume *HotplugVolumeStatus `json:"hotplugVolume,omitempty" protobuf:"bytes,7,opt,name=hotplugVolume"`
	// SizeBytes is the size that the guest sees, in bytes.
	// +optional
	SizeBytes int64 `json:"size,omitempty" protobuf:"varint,8,opt,name=size"`
	// MemoryDumpVolume is the memory dump in the volume.
	// +optional
	MemoryDumpVolume *DomainMemoryDumpInfo `json:"memoryDumpVolume,omitempty" protobuf:"bytes,9,opt,name=memoryDumpVolume"`
	// ContainerDiskVolume is what is known of the container disk.
	// +optional
	ContainerDiskVolume *ContainerDiskInfo `json:"containerDiskVolume,omitempty" protobuf:"bytes,10,opt,name=containerDiskVolume"`
}

// VolumePhase is the step of attaching a volume.
type VolumePhase string

const (
	// VolumePending waits for the claim.
	VolumePending VolumePhase = "Pending"
	// VolumeBound has a claim that is bound.
	VolumeBound VolumePhase = "Bound"
	// HotplugVolumeAttachedToNode has reached the node.
	HotplugVolumeAttachedToNode VolumePhase = "AttachedToNode"
	// HotplugVolumeMounted has reached the launcher pod.
	HotplugVolumeMounted VolumePhase = "MountedToPod"
	// VolumeReady is used by the guest.
	VolumeReady VolumePhase = "Ready"
	// HotplugVolumeDetaching is being taken from the guest.
	HotplugVolumeDetaching VolumePhase = "Detaching"
	// HotplugVolumeUnMounted has left the launcher pod.
	HotplugVolumeUnMounted VolumePhase = "UnMountedFromPod"
	// MemoryDumpVolumeCompleted holds a complete dump.
	MemoryDumpVolumeCompleted VolumePhase = "MemoryDumpCompleted"
	// MemoryDumpVolumeInProgress takes a dump.
	MemoryDumpVolumeInProgress VolumePhase = "MemoryDumpInProgress"
	// MemoryDumpVolumeFailed could not take a dump.
	MemoryDumpVolumeFailed VolumePhase = "MemoryDumpFailed"
)

// PersistentVolumeClaimInfo is what is known of a claim.
type PersistentVolumeClaimInfo struct {
	// ClaimName is the claim.
	// +optional
	ClaimName string `json:"claimName,omitempty" protobuf:"bytes,1,opt,name=claimName"`
	// AccessModes are the ways in which the volume can be mounted.
	// +optional
	// +listType=atomic
	AccessModes []corev1.PersistentVolumeAccessMode `json:"accessModes,omitempty" protobuf:"bytes,2,rep,name=accessModes,casttype=k8s.io/api/core/v1.PersistentVolumeAccessMode"`
	// VolumeMode is Block or Filesystem.
	// +optional
	VolumeMode *corev1.PersistentVolumeMode `json:"volumeMode,omitempty" protobuf:"bytes,3,opt,name=volumeMode,casttype=k8s.io/api/core/v1.PersistentVolumeMode"`
	// Capacity of the volume.
	// +optional
	Capacity corev1.ResourceList `json:"capacity,omitempty" protobuf:"bytes,4,rep,name=capacity,casttype=k8s.io/api/core/v1.ResourceList,castkey=k8s.io/api/core/v1.ResourceName"`
	// Requests of the claim.
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty" protobuf:"bytes,5,rep,name=requests,casttype=k8s.io/api/core/v1.ResourceList,castkey=k8s.io/api/core/v1.ResourceName"`
	// Preallocated tells that all space was taken at once.
	// +optional
	Preallocated bool `json:"preallocated,omitempty" protobuf:"varint,6,opt,name=preallocated"`
	// FilesystemOverhead is the part of the volume that its file system takes, as a fraction such as 0.055.
	// +optional
	FilesystemOverhead *Percent `json:"filesystemOverhead,omitempty" protobuf:"bytes,7,opt,name=filesystemOverhead,casttype=Percent"`
}

// Percent is a fraction from 0 to 1, written as text with up to three digits.
type Percent string

// HotplugVolumeStatus is the pod by which a volume was plugged in.
type HotplugVolumeStatus struct {
	// AttachPodName is the pod that holds the volume on the node.
	// +optional
	AttachPodName string `json:"attachPodName,omitempty" protobuf:"bytes,1,opt,name=attachPodName"`
	// AttachPodUID is that pod's UID.
	// +optional
	AttachPodUID types.UID `json:"attachPodUID,omitempty" protobuf:"bytes,2,opt,name=attachPodUID,casttype=k8s.io/apimachinery/pkg/types.UID"`
}

// DomainMemoryDumpInfo is a dump of a guest's memory.
type DomainMemoryDumpInfo struct {
	// StartTimestamp is when the dump began.
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty" protobuf:"bytes,1,opt,name=startTimestamp"`
	// EndTimestamp is when it ended.
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty" protobuf:"bytes,2,opt,name=endTimestamp"`
	// ClaimName is the claim that holds it.
	// +optional
	ClaimName string `json:"claimName,omitempty" protobuf:"bytes,3,opt,name=claimName"`
	// TargetFileName is the file in the claim.
	// +optional
	TargetFileName string `json:"targetFileName,omitempty" protobuf:"bytes,4,opt,name=targetFileName"`
}

// ContainerDiskInfo is what is known of a container disk.
type ContainerDiskInfo struct {
	// Checksum of the disk image.
	// +optional
	Checksum uint32 `json:"checksum,omitempty" protobuf:"varint,1,opt,name=checksum"`
}

// StorageMigratedVolumeInfo is a volume that is copied to another claim.
type StorageMigratedVolumeInfo struct {
	// VolumeName is the volume in the spec.
	VolumeName string `json:"volumeName" protobuf:"bytes,1,opt,name=volumeName"`
	// SourcePVCInfo is the claim that is copied from.
	// +optional
	SourcePVCInfo *PersistentVolumeClaimInfo `json:"sourcePVCInfo,omitempty" protobuf:"bytes,2,opt,name=sourcePVCInfo"`
	// DestinationPVCInfo is the claim that is copied to.
	// +optional
	DestinationPVCInfo *PersistentVolumeClaimInfo `json:"destinationPVCInfo,omitempty" protobuf:"bytes,3,opt,name=destinationPVCInfo"`
}

// KernelBootStatus is what is known of a kernel that was booted from an image.
type KernelBootStatus struct {
	// KernelInfo is the kernel.
	// +optional
	KernelInfo *KernelInfo `json:"kernelInfo,omitempty" protobuf:"bytes,1,opt,name=kernelInfo"`
	// InitrdInfo is the initial RAM disk.
	// +optional
	InitrdInfo *InitrdInfo `json:"initrdInfo,omitempty" protobuf:"bytes,2,opt,name=initrdInfo"`
}

// KernelInfo is what is known of a kernel.
type KernelInfo struct {
	// Checksum of the file.
	// +optional
	Checksum uint32 `json:"checksum,omitempty" protobuf:"varint,1,opt,name=checksum"`
}

// InitrdInfo is what is known of an initial RAM disk.
type InitrdInfo struct {
	// Checksum of the file.
	// +optional
	Checksum uint32 `json:"checksum,omitempty" protobuf:"varint,1,opt,name=checksum"`
}
