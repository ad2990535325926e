// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
)

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
}

// Machine is the machine type that the guest sees.
type Machine struct {
	// Type is q35 or a versioned pc-q35 machine. Defaults to q35.
	// +optional
	Type string `json:"type,omitempty" protobuf:"bytes,1,opt,name=type"`
}

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
}

// Bootloader is the firmware that boots the guest; one of its fields may be set.
type Bootloader struct {
	// BIOS boots with SeaBIOS.
	// +optional
	BIOS *BIOS `json:"bios,omitempty" protobuf:"bytes,1,opt,name=bios"`
}

// BIOS holds settings of SeaBIOS.
type BIOS struct {
	// UseSerial shows the firmware's output on the serial console.
	// +optional
	UseSerial *bool `json:"useSerial,omitempty" protobuf:"varint,1,opt,name=useSerial"`
}

// Features are switches of the machine.
type Features struct {
	// ACPI lets the guest be shut down and its devices be found by ACPI. Defaults to on.
	// +optional
	ACPI FeatureState `json:"acpi,omitempty" protobuf:"bytes,1,opt,name=acpi"`
}

// FeatureState switches a feature.
type FeatureState struct {
	// Enabled defaults to true.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,1,opt,name=enabled"`
}
