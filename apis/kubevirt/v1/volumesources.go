// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// HostDisk is a disk image in a directory of the node.
type HostDisk struct {
	// Path of the image on the node.
	Path string `json:"path" protobuf:"bytes,1,opt,name=path"`
	// Type is Disk, for an image that exists, or DiskOrCreate.
	Type HostDiskType `json:"type" protobuf:"bytes,2,opt,name=type,casttype=HostDiskType"`
	// Capacity is the size of an image that is created; DiskOrCreate only.
	// +optional
	Capacity resource.Quantity `json:"capacity,omitempty" protobuf:"bytes,3,opt,name=capacity"`
	// Shared lets several virtual machines open the image. Defaults to false.
	// +optional
	Shared *bool `json:"shared,omitempty" protobuf:"varint,4,opt,name=shared"`
}

// HostDiskType tells whether the image of a host disk is created.
type HostDiskType string

const (
	// HostDiskExists is an image that exists.
	HostDiskExists HostDiskType = "Disk"
	// HostDiskExistsOrCreate is an image that is created when it does not exist.
	HostDiskExistsOrCreate HostDiskType = "DiskOrCreate"
)

// SysprepSource holds answer files for the installation of Windows; one field is set.
type SysprepSource struct {
	// Secret names a secret whose keys are the files, such as autounattend.xml.
	// +optional
	Secret *corev1.LocalObjectReference `json:"secret,omitempty" protobuf:"bytes,1,opt,name=secret"`
	// ConfigMap names a config map whose keys are the files, such as unattend.xml.
	// +optional
	ConfigMap *corev1.LocalObjectReference `json:"configMap,omitempty" protobuf:"bytes,2,opt,name=configMap"`
}

// EphemeralVolumeSource is a claim that is not written to.
type EphemeralVolumeSource struct {
	// PersistentVolumeClaim names the claim in the instance's namespace.
	// +optional
	PersistentVolumeClaim *corev1.PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty" protobuf:"bytes,1,opt,name=persistentVolumeClaim"`
}

// ConfigMapVolumeSource shows the keys of a config map as files.
type ConfigMapVolumeSource struct {
	// LocalObjectReference names the config map in the instance's namespace.
	corev1.LocalObjectReference `json:",inline" protobuf:"bytes,1,opt,name=localObjectReference"`
	// Optional starts the instance even if the config map does not exist. Defaults to false.
	// +optional
	Optional *bool `json:"optional,omitempty" protobuf:"varint,2,opt,name=optional"`
	// VolumeLabel is the label of the file system that the guest sees.
	// +optional
	VolumeLabel string `json:"volumeLabel,omitempty" protobuf:"bytes,3,opt,name=volumeLabel"`
}

// SecretVolumeSource shows the keys of a secret as files.
type SecretVolumeSource struct {
	// SecretName is the secret in the instance's namespace.
	// +optional
	SecretName string `json:"secretName,omitempty" protobuf:"bytes,1,opt,name=secretName"`
	// Optional starts the instance even if the secret does not exist. Defaults to false.
	// +optional
	Optional *bool `json:"optional,omitempty" protobuf:"varint,2,opt,name=optional"`
	// VolumeLabel is the label of the file system that the guest sees.
	// +optional
	VolumeLabel string `json:"volumeLabel,omitempty" protobuf:"bytes,3,opt,name=volumeLabel"`
}

// DownwardAPIVolumeSource shows fields of the launcher pod as files.
type DownwardAPIVolumeSource struct {
	// Fields are the files and what they show.
	// +optional
	// +listType=atomic
	Fields []corev1.DownwardAPIVolumeFile `json:"fields,omitempty" protobuf:"bytes,1,rep,name=fields"`
	// VolumeLabel is the label of the file system that the guest sees.
	// +optional
	VolumeLabel string `json:"volumeLabel,omitempty" protobuf:"bytes,2,opt,name=volumeLabel"`
}

// ServiceAccountVolumeSource shows the token of a service account as a file.
type ServiceAccountVolumeSource struct {
	// ServiceAccountName is the service account in the instance's namespace.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty" protobuf:"bytes,1,opt,name=serviceAccountName"`
}

// DownwardMetricsVolumeSource is a small disk from which a guest reads metrics of its node.
type DownwardMetricsVolumeSource struct{}

// MemoryDumpVolumeSource is a claim that takes dumps of a guest's memory.
type MemoryDumpVolumeSource struct {
	// PersistentVolumeClaimVolumeSource names the claim.
	PersistentVolumeClaimVolumeSource `json:",inline" protobuf:"bytes,1,opt,name=persistentVolumeClaimVolumeSource"`
}

// ContainerPathVolumeSource is a directory of the launcher's container.
type ContainerPathVolumeSource struct {
	// Path of the directory, absolute, without .. in it, at most 4096 bytes.
	Path string `json:"path" protobuf:"bytes,1,opt,name=path"`
	// ReadOnly keeps the guest from writing; only true is allowed. Defaults to true.
	// +optional
	ReadOnly *bool `json:"readOnly,omitempty" protobuf:"varint,2,opt,name=readOnly"`
}

// UtilityVolume is a claim that is attached to the launcher pod, not to the guest.
type UtilityVolume struct {
	// Name of the volume, unique among volumes and utility volumes.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// PersistentVolumeClaimVolumeSource names the claim.
	corev1.PersistentVolumeClaimVolumeSource `json:",inline" protobuf:"bytes,2,opt,name=persistentVolumeClaimVolumeSource"`
	// Type is MemoryDump or Backup.
	// +optional
	Type *UtilityVolumeType `json:"type,omitempty" protobuf:"bytes,3,opt,name=type,casttype=UtilityVolumeType"`
}

// UtilityVolumeType is what a utility volume is for.
type UtilityVolumeType string

const (
	// UtilityVolumeMemoryDump takes dumps of the guest's memory.
	UtilityVolumeMemoryDump UtilityVolumeType = "MemoryDump"
	// UtilityVolumeBackup takes backups of the guest's disks.
	UtilityVolumeBackup UtilityVolumeType = "Backup"
)
