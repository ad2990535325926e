// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Volume is the source of a disk.
type Volume struct {
	// Name of the volume and of its disk.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// VolumeSource is where the data comes from; exactly one of its fields is set.
	VolumeSource `json:",inline" protobuf:"bytes,2,opt,name=volumeSource"`
}

// VolumeSource is where a volume's data comes from; exactly one field is set.
type VolumeSource struct {
	// ContainerDisk is a disk in a container image. What the guest writes is lost when the instance ends.
	// +optional
	ContainerDisk *ContainerDiskSource `json:"containerDisk,omitempty" protobuf:"bytes,1,opt,name=containerDisk"`
	// CloudInitNoCloud is a cloud-init data source of type NoCloud.
	// +optional
	CloudInitNoCloud *CloudInitNoCloudSource `json:"cloudInitNoCloud,omitempty" protobuf:"bytes,2,opt,name=cloudInitNoCloud"`
	// EmptyDisk is an empty disk that lives as long as the instance.
	// +optional
	EmptyDisk *EmptyDiskSource `json:"emptyDisk,omitempty" protobuf:"bytes,3,opt,name=emptyDisk"`
	// PersistentVolumeClaim is a claim in the instance's namespace.
	// +optional
	PersistentVolumeClaim *PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty" protobuf:"bytes,4,opt,name=persistentVolumeClaim"`
	// DataVolume is the claim of a DataVolume in the instance's namespace.
	// +optional
	DataVolume *DataVolumeSource `json:"dataVolume,omitempty" protobuf:"bytes,5,opt,name=dataVolume"`
	// HostDisk is a disk image in a directory of the node.
	// +optional
	HostDisk *HostDisk `json:"hostDisk,omitempty" protobuf:"bytes,6,opt,name=hostDisk"`
	// CloudInitConfigDrive is a cloud-init data source of type ConfigDrive.
	// +optional
	CloudInitConfigDrive *CloudInitConfigDriveSource `json:"cloudInitConfigDrive,omitempty" protobuf:"bytes,7,opt,name=cloudInitConfigDrive"`
	// Sysprep is a CD-ROM with answer files for the installation of Windows.
	// +optional
	Sysprep *SysprepSource `json:"sysprep,omitempty" protobuf:"bytes,8,opt,name=sysprep"`
	// Ephemeral is a claim that is not written to: what the guest writes is lost when the instance ends.
	// +optional
	Ephemeral *EphemeralVolumeSource `json:"ephemeral,omitempty" protobuf:"bytes,9,opt,name=ephemeral"`
	// ConfigMap shows the keys of a config map as files.
	// +optional
	ConfigMap *ConfigMapVolumeSource `json:"configMap,omitempty" protobuf:"bytes,10,opt,name=configMap"`
	// Secret shows the keys of a secret as files.
	// +optional
	Secret *SecretVolumeSource `json:"secret,omitempty" protobuf:"bytes,11,opt,name=secret"`
	// DownwardAPI shows fields of the launcher pod as files.
	// +optional
	DownwardAPI *DownwardAPIVolumeSource `json:"downwardAPI,omitempty" protobuf:"bytes,12,opt,name=downwardAPI"`
	// ServiceAccount shows the token of a service account as a file; at most one volume of this kind.
	// +optional
	ServiceAccount *ServiceAccountVolumeSource `json:"serviceAccount,omitempty" protobuf:"bytes,13,opt,name=serviceAccount"`
	// DownwardMetrics is a small disk from which the guest reads metrics of its node; at most one volume of this kind.
	// +optional
	DownwardMetrics *DownwardMetricsVolumeSource `json:"downwardMetrics,omitempty" protobuf:"bytes,14,opt,name=downwardMetrics"`
	// MemoryDump is a claim that takes dumps of the guest's memory; set by the memorydump subresource.
	// +optional
	MemoryDump *MemoryDumpVolumeSource `json:"memoryDump,omitempty" protobuf:"bytes,15,opt,name=memoryDump"`
	// ContainerPath is a directory of the launcher's container, for use as a file system.
	// +optional
	ContainerPath *ContainerPathVolumeSource `json:"containerPath,omitempty" protobuf:"bytes,16,opt,name=containerPath"`
}

// ContainerDiskSource is a disk in a container image.
type ContainerDiskSource struct {
	// Image is the reference of the image.
	Image string `json:"image" protobuf:"bytes,1,opt,name=image"`
	// ImagePullSecret is a secret in the instance's namespace that may pull the image.
	// +optional
	ImagePullSecret string `json:"imagePullSecret,omitempty" protobuf:"bytes,2,opt,name=imagePullSecret"`
	// ImagePullPolicy is Always, Never or IfNotPresent. Defaults to Always for the tag latest or none, else IfNotPresent.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty" protobuf:"bytes,3,opt,name=imagePullPolicy,casttype=k8s.io/api/core/v1.PullPolicy"`
	// Path of the disk file in the image. Defaults to the only file in /disk.
	// +optional
	Path string `json:"path,omitempty" protobuf:"bytes,4,opt,name=path"`
}

// EmptyDiskSource is an empty disk that lives as long as the instance.
type EmptyDiskSource struct {
	// Capacity is the size that the guest sees.
	Capacity resource.Quantity `json:"capacity" protobuf:"bytes,1,opt,name=capacity"`
}

// PersistentVolumeClaimVolumeSource is a claim in the instance's namespace.
type PersistentVolumeClaimVolumeSource struct {
	// PersistentVolumeClaimVolumeSource names the claim.
	corev1.PersistentVolumeClaimVolumeSource `json:",inline" protobuf:"bytes,1,opt,name=persistentVolumeClaimVolumeSource"`
	// Hotpluggable tells that the volume may be removed while the guest runs.
	// +optional
	Hotpluggable bool `json:"hotpluggable,omitempty" protobuf:"varint,2,opt,name=hotpluggable"`
}

// DataVolumeSource is the claim of a DataVolume.
type DataVolumeSource struct {
	// Name of the DataVolume.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Hotpluggable tells that the volume may be removed while the guest runs.
	// +optional
	Hotpluggable bool `json:"hotpluggable,omitempty" protobuf:"varint,2,opt,name=hotpluggable"`
}
