// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// AddVolumeOptions is the body of the addvolume subresource.
type AddVolumeOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Name of the volume and its disk.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Disk is what the guest sees.
	Disk *Disk `json:"disk" protobuf:"bytes,2,opt,name=disk"`
	// VolumeSource is where the data comes from.
	VolumeSource *HotplugVolumeSource `json:"volumeSource" protobuf:"bytes,3,opt,name=volumeSource"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,4,rep,name=dryRun"`
}

// HotplugVolumeSource is where the data of a volume that is plugged in comes from; one field is set.
type HotplugVolumeSource struct {
	// PersistentVolumeClaim is a claim in the instance's namespace.
	// +optional
	PersistentVolumeClaim *PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty" protobuf:"bytes,1,opt,name=persistentVolumeClaim"`
	// DataVolume is the claim of a DataVolume in the instance's namespace.
	// +optional
	DataVolume *DataVolumeSource `json:"dataVolume,omitempty" protobuf:"bytes,2,opt,name=dataVolume"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RemoveVolumeOptions is the body of the removevolume subresource.
type RemoveVolumeOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Name of the volume.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// DryRun All checks the request and changes nothing.
	// +optional
	// +listType=atomic
	DryRun []string `json:"dryRun,omitempty" protobuf:"bytes,2,rep,name=dryRun"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachineMemoryDumpRequest is the body of the memorydump subresource, and the state of the request in the status.
type VirtualMachineMemoryDumpRequest struct {
	metav1.TypeMeta `json:",inline"`
	// ClaimName is the claim that takes the dump.
	ClaimName string `json:"claimName" protobuf:"bytes,1,opt,name=claimName"`
	// Phase is Associating, InProgress, Unmounting, Completed, Dissociating or Failed.
	Phase MemoryDumpPhase `json:"phase" protobuf:"bytes,2,opt,name=phase,casttype=MemoryDumpPhase"`
	// Remove tells that the claim shall be taken off again.
	// +optional
	Remove bool `json:"remove,omitempty" protobuf:"varint,3,opt,name=remove"`
	// StartTimestamp is when the dump began.
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty" protobuf:"bytes,4,opt,name=startTimestamp"`
	// EndTimestamp is when it ended.
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty" protobuf:"bytes,5,opt,name=endTimestamp"`
	// FileName is the file in the claim.
	// +optional
	FileName *string `json:"fileName,omitempty" protobuf:"bytes,6,opt,name=fileName"`
	// Message is a sentence for people.
	// +optional
	Message string `json:"message,omitempty" protobuf:"bytes,7,opt,name=message"`
}

// MemoryDumpPhase is the step of a memory dump.
type MemoryDumpPhase string

const (
	// MemoryDumpAssociating attaches the claim.
	MemoryDumpAssociating MemoryDumpPhase = "Associating"
	// MemoryDumpInProgress writes the dump.
	MemoryDumpInProgress MemoryDumpPhase = "InProgress"
	// MemoryDumpUnmounting detaches the claim.
	MemoryDumpUnmounting MemoryDumpPhase = "Unmounting"
	// MemoryDumpCompleted has a complete dump.
	MemoryDumpCompleted MemoryDumpPhase = "Completed"
	// MemoryDumpDissociating forgets the claim.
	MemoryDumpDissociating MemoryDumpPhase = "Dissociating"
	// MemoryDumpFailed could not take the dump.
	MemoryDumpFailed MemoryDumpPhase = "Failed"
)
