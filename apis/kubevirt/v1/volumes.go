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

// CloudInitNoCloudSource is a cloud-init data source of type NoCloud.
type CloudInitNoCloudSource struct {
	// UserDataSecretRef names a secret whose key userdata holds the user data.
	// +optional
	UserDataSecretRef *corev1.LocalObjectReference `json:"secretRef,omitempty" protobuf:"bytes,1,opt,name=secretRef"`
	// UserDataBase64 is the user data in base64, at most 2048 bytes.
	// +optional
	UserDataBase64 string `json:"userDataBase64,omitempty" protobuf:"bytes,2,opt,name=userDataBase64"`
	// UserData is the user data, at most 2048 bytes.
	// +optional
	UserData string `json:"userData,omitempty" protobuf:"bytes,3,opt,name=userData"`
	// NetworkDataSecretRef names a secret whose key networkdata holds the network configuration.
	// +optional
	NetworkDataSecretRef *corev1.LocalObjectReference `json:"networkDataSecretRef,omitempty" protobuf:"bytes,4,opt,name=networkDataSecretRef"`
	// NetworkDataBase64 is the network configuration in base64, at most 2048 bytes.
	// +optional
	NetworkDataBase64 string `json:"networkDataBase64,omitempty" protobuf:"bytes,5,opt,name=networkDataBase64"`
	// NetworkData is the network configuration, at most 2048 bytes.
	// +optional
	NetworkData string `json:"networkData,omitempty" protobuf:"bytes,6,opt,name=networkData"`
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

// Network is what an interface connects to.
type Network struct {
	// Name of the network and of its interface.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// NetworkSource is the kind of network; exactly one of its fields is set.
	NetworkSource `json:",inline" protobuf:"bytes,2,opt,name=networkSource"`
}

// NetworkSource is the kind of network; exactly one field is set.
type NetworkSource struct {
	// Pod is the cluster's pod network.
	// +optional
	Pod *PodNetwork `json:"pod,omitempty" protobuf:"bytes,1,opt,name=pod"`
	// Multus is a secondary network of a NetworkAttachmentDefinition.
	// +optional
	Multus *MultusNetwork `json:"multus,omitempty" protobuf:"bytes,2,opt,name=multus"`
}

// PodNetwork is the cluster's pod network.
type PodNetwork struct {
	// VMNetworkCIDR is the IPv4 network between pod and guest. Defaults to 10.0.2.0/24.
	// +optional
	VMNetworkCIDR string `json:"vmNetworkCIDR,omitempty" protobuf:"bytes,1,opt,name=vmNetworkCIDR"`
	// VMIPv6NetworkCIDR is the IPv6 network between pod and guest. Defaults to fd10:0:2::/120.
	// +optional
	VMIPv6NetworkCIDR string `json:"vmIPv6NetworkCIDR,omitempty" protobuf:"bytes,2,opt,name=vmIPv6NetworkCIDR"`
}

// MultusNetwork is a secondary network.
type MultusNetwork struct {
	// NetworkName is NAME or NAMESPACE/NAME of a NetworkAttachmentDefinition.
	NetworkName string `json:"networkName" protobuf:"bytes,1,opt,name=networkName"`
	// Default makes this network the pod's first one.
	// +optional
	Default bool `json:"default,omitempty" protobuf:"varint,2,opt,name=default"`
}
