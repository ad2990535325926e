// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DataVolumeTemplateSpec is a DataVolume that is made with a virtual machine.
type DataVolumeTemplateSpec struct {
	// Kind is DataVolume, or empty.
	// +optional
	Kind string `json:"kind,omitempty" protobuf:"bytes,1,opt,name=kind"`
	// APIVersion is cdi.kubevirt.io/v1beta1, or empty.
	// +optional
	APIVersion string `json:"apiVersion,omitempty" protobuf:"bytes,2,opt,name=apiVersion"`
	// ObjectMeta holds the DataVolume's name, labels and annotations.
	// +optional
	ObjectMeta metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,3,opt,name=metadata"`
	// Spec is the DataVolume's spec.
	Spec DataVolumeSpec `json:"spec" protobuf:"bytes,4,opt,name=spec"`
	// Status is ignored; it is here for manifests that were copied from a DataVolume.
	// +optional
	// +nullable
	Status *DataVolumeTemplateDummyStatus `json:"status,omitempty" protobuf:"bytes,5,opt,name=status"`
}

// DataVolumeTemplateDummyStatus is ignored.
type DataVolumeTemplateDummyStatus struct{}

// DataVolumeSpec is a claim and what it is filled with, as of cdi.kubevirt.io/v1beta1.
type DataVolumeSpec struct {
	// Source is what the claim is filled with; excludes sourceRef.
	// +optional
	Source *DataVolumeOrigin `json:"source,omitempty" protobuf:"bytes,1,opt,name=source"`
	// SourceRef is an object that tells what the claim is filled with; excludes source.
	// +optional
	SourceRef *DataVolumeSourceRef `json:"sourceRef,omitempty" protobuf:"bytes,2,opt,name=sourceRef"`
	// PVC is the claim's spec, used as it is; excludes storage.
	// +optional
	PVC *corev1.PersistentVolumeClaimSpec `json:"pvc,omitempty" protobuf:"bytes,3,opt,name=pvc"`
	// Storage is the claim's spec, where what is left out follows from the storage class; excludes pvc.
	// +optional
	Storage *StorageSpec `json:"storage,omitempty" protobuf:"bytes,4,opt,name=storage"`
	// PriorityClassName is the priority class of the pods that fill the claim.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty" protobuf:"bytes,5,opt,name=priorityClassName"`
	// ContentType is kubevirt (a disk image) or archive (a directory). Defaults to kubevirt.
	// +optional
	ContentType DataVolumeContentType `json:"contentType,omitempty" protobuf:"bytes,6,opt,name=contentType,casttype=DataVolumeContentType"`
	// Checkpoints are the steps of a multi-stage import, oldest first.
	// +optional
	// +listType=atomic
	Checkpoints []DataVolumeCheckpoint `json:"checkpoints,omitempty" protobuf:"bytes,7,rep,name=checkpoints"`
	// FinalCheckpoint tells that the last of the checkpoints completes the import.
	// +optional
	FinalCheckpoint bool `json:"finalCheckpoint,omitempty" protobuf:"varint,8,opt,name=finalCheckpoint"`
	// Preallocation takes all space at once. Defaults to what the cluster's CDI object says.
	// +optional
	Preallocation *bool `json:"preallocation,omitempty" protobuf:"varint,9,opt,name=preallocation"`
}

// DataVolumeContentType is what a DataVolume holds.
type DataVolumeContentType string

const (
	// DataVolumeKubeVirt is a disk image.
	DataVolumeKubeVirt DataVolumeContentType = "kubevirt"
	// DataVolumeArchive is a directory, unpacked from an archive.
	DataVolumeArchive DataVolumeContentType = "archive"
)

// DataVolumeCheckpoint is one step of a multi-stage import.
type DataVolumeCheckpoint struct {
	// Previous is the checkpoint that this one builds upon; empty for the first.
	Previous string `json:"previous" protobuf:"bytes,1,opt,name=previous"`
	// Current is the checkpoint that this step imports.
	Current string `json:"current" protobuf:"bytes,2,opt,name=current"`
}

// StorageSpec is a claim's spec, where what is left out follows from the storage class.
type StorageSpec struct {
	// AccessModes are the ways in which the volume can be mounted.
	// +optional
	// +listType=atomic
	AccessModes []corev1.PersistentVolumeAccessMode `json:"accessModes,omitempty" protobuf:"bytes,1,rep,name=accessModes,casttype=k8s.io/api/core/v1.PersistentVolumeAccessMode"`
	// Selector limits the volumes that the claim may bind to.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty" protobuf:"bytes,2,opt,name=selector"`
	// Resources holds the size, as requests.storage.
	// +optional
	Resources corev1.VolumeResourceRequirements `json:"resources,omitempty" protobuf:"bytes,3,opt,name=resources"`
	// VolumeName is the volume that the claim binds to.
	// +optional
	VolumeName string `json:"volumeName,omitempty" protobuf:"bytes,4,opt,name=volumeName"`
	// StorageClassName is the storage class. Defaults to the cluster's.
	// +optional
	StorageClassName *string `json:"storageClassName,omitempty" protobuf:"bytes,5,opt,name=storageClassName"`
	// VolumeMode is Block or Filesystem. Defaults to what the storage class does best.
	// +optional
	VolumeMode *corev1.PersistentVolumeMode `json:"volumeMode,omitempty" protobuf:"bytes,6,opt,name=volumeMode,casttype=k8s.io/api/core/v1.PersistentVolumeMode"`
	// DataSource is a snapshot or claim that the volume is made from.
	// +optional
	DataSource *corev1.TypedLocalObjectReference `json:"dataSource,omitempty" protobuf:"bytes,7,opt,name=dataSource"`
	// DataSourceRef is any object that the volume is made from.
	// +optional
	DataSourceRef *corev1.TypedObjectReference `json:"dataSourceRef,omitempty" protobuf:"bytes,8,opt,name=dataSourceRef"`
}
