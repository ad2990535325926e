// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Firmware holds the machine's identity and its boot loader.
type Firmware struct {
	// UUID that the guest sees in its SMBIOS tables. Defaults to one derived from the instance's namespace and name.
	// +optional
	UUID types.UID `json:"uuid,omitempty" protobuf:"bytes,1,opt,name=uuid,casttype=k8s.io/apimachinery/pkg/types.UID"`
	// Serial number that the guest sees in its SMBIOS tables.
	// +optional
	Serial string `json:"serial,omitempty" protobuf:"bytes,2,opt,name=serial"`
	// Bootloader is the firmware that boots the guest. Defaults to BIOS.
	// +optional
	Bootloader *Bootloader `json:"bootloader,omitempty" protobuf:"bytes,3,opt,name=bootloader"`
	// KernelBoot boots a kernel of a container image instead of a disk.
	// +optional
	KernelBoot *KernelBoot `json:"kernelBoot,omitempty" protobuf:"bytes,4,opt,name=kernelBoot"`
	// ACPI adds tables to those that the guest's firmware shows.
	// +optional
	ACPI *ACPI `json:"acpi,omitempty" protobuf:"bytes,5,opt,name=acpi"`
}

// Bootloader is the firmware that boots the guest; one of its fields may be set.
type Bootloader struct {
	// BIOS boots with SeaBIOS.
	// +optional
	BIOS *BIOS `json:"bios,omitempty" protobuf:"bytes,1,opt,name=bios"`
	// EFI boots with OVMF.
	// +optional
	EFI *EFI `json:"efi,omitempty" protobuf:"bytes,2,opt,name=efi"`
}

// BIOS holds settings of SeaBIOS.
type BIOS struct {
	// UseSerial shows the firmware's output on the serial console.
	// +optional
	UseSerial *bool `json:"useSerial,omitempty" protobuf:"varint,1,opt,name=useSerial"`
}

// EFI holds settings of OVMF.
type EFI struct {
	// SecureBoot runs signed boot loaders only; needs features.smm. Defaults to true.
	// +optional
	SecureBoot *bool `json:"secureBoot,omitempty" protobuf:"varint,1,opt,name=secureBoot"`
	// Persistent keeps the firmware's variables over restarts of the virtual machine. Defaults to false.
	// +optional
	Persistent *bool `json:"persistent,omitempty" protobuf:"varint,2,opt,name=persistent"`
}

// KernelBoot boots a kernel without a boot loader.
type KernelBoot struct {
	// KernelArgs is the kernel's command line.
	// +optional
	KernelArgs string `json:"kernelArgs,omitempty" protobuf:"bytes,1,opt,name=kernelArgs"`
	// Container is the image that holds the kernel.
	// +optional
	Container *KernelBootContainer `json:"container,omitempty" protobuf:"bytes,2,opt,name=container"`
}

// KernelBootContainer is an image that holds a kernel, an initial RAM disk or both.
type KernelBootContainer struct {
	// Image is the reference of the image.
	Image string `json:"image" protobuf:"bytes,1,opt,name=image"`
	// ImagePullSecret is a secret in the instance's namespace that may pull the image.
	// +optional
	ImagePullSecret string `json:"imagePullSecret,omitempty" protobuf:"bytes,2,opt,name=imagePullSecret"`
	// ImagePullPolicy is Always, Never or IfNotPresent. Defaults to Always for the tag latest or none, else IfNotPresent.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty" protobuf:"bytes,3,opt,name=imagePullPolicy,casttype=k8s.io/api/core/v1.PullPolicy"`
	// KernelPath is the absolute path of the kernel in the image.
	// +optional
	KernelPath string `json:"kernelPath,omitempty" protobuf:"bytes,4,opt,name=kernelPath"`
	// InitrdPath is the absolute path of the initial RAM disk in the image.
	// +optional
	InitrdPath string `json:"initrdPath,omitempty" protobuf:"bytes,5,opt,name=initrdPath"`
}

// ACPI names tables that a guest's firmware shows in addition.
type ACPI struct {
	// SlicNameRef names a volume of type secret whose key slic.bin holds a SLIC table, the licence marker of older Windows versions.
	// +optional
	SlicNameRef string `json:"slicNameRef,omitempty" protobuf:"bytes,1,opt,name=slicNameRef"`
	// MsdmNameRef names a volume of type secret whose key msdm.bin holds an MSDM table, the licence key of Windows.
	// +optional
	MsdmNameRef string `json:"msdmNameRef,omitempty" protobuf:"bytes,2,opt,name=msdmNameRef"`
}
