// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VirtualMachineInstanceGuestOSInfo is what the guest agent says of the operating system.
type VirtualMachineInstanceGuestOSInfo struct {
	// Name of the operating system.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
	// KernelRelease of the guest.
	// +optional
	KernelRelease string `json:"kernelRelease,omitempty" protobuf:"bytes,2,opt,name=kernelRelease"`
	// Version of the operating system.
	// +optional
	Version string `json:"version,omitempty" protobuf:"bytes,3,opt,name=version"`
	// PrettyName of the operating system.
	// +optional
	PrettyName string `json:"prettyName,omitempty" protobuf:"bytes,4,opt,name=prettyName"`
	// VersionID of the operating system.
	// +optional
	VersionID string `json:"versionId,omitempty" protobuf:"bytes,5,opt,name=versionId"`
	// KernelVersion of the guest.
	// +optional
	KernelVersion string `json:"kernelVersion,omitempty" protobuf:"bytes,6,opt,name=kernelVersion"`
	// Machine is the hardware name, such as x86_64.
	// +optional
	Machine string `json:"machine,omitempty" protobuf:"bytes,7,opt,name=machine"`
	// ID of the operating system.
	// +optional
	ID string `json:"id,omitempty" protobuf:"bytes,8,opt,name=id"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachineInstanceGuestAgentInfo is what the guest agent tells of a guest.
type VirtualMachineInstanceGuestAgentInfo struct {
	metav1.TypeMeta `json:",inline"`
	// GAVersion is the agent's version.
	// +optional
	GAVersion string `json:"guestAgentVersion,omitempty" protobuf:"bytes,1,opt,name=guestAgentVersion"`
	// SupportedCommands are the commands that the agent knows.
	// +optional
	// +listType=atomic
	SupportedCommands []GuestAgentCommandInfo `json:"supportedCommands,omitempty" protobuf:"bytes,2,rep,name=supportedCommands"`
	// Hostname of the guest.
	// +optional
	Hostname string `json:"hostname,omitempty" protobuf:"bytes,3,opt,name=hostname"`
	// OS is the guest's operating system.
	// +optional
	OS VirtualMachineInstanceGuestOSInfo `json:"os,omitempty" protobuf:"bytes,4,opt,name=os"`
	// Timezone of the guest: name and offset in seconds, separated by a comma.
	// +optional
	Timezone string `json:"timezone,omitempty" protobuf:"bytes,5,opt,name=timezone"`
	// UserList are the users who are logged in, at most 10.
	// +optional
	// +listType=atomic
	UserList []VirtualMachineInstanceGuestOSUser `json:"userList,omitempty" protobuf:"bytes,6,rep,name=userList"`
	// FSInfo are the guest's file systems, at most 10.
	// +optional
	FSInfo VirtualMachineInstanceFileSystemInfo `json:"fsInfo,omitempty" protobuf:"bytes,7,opt,name=fsInfo"`
	// FSFreezeStatus is frozen or thawed.
	// +optional
	FSFreezeStatus string `json:"fsFreezeStatus,omitempty" protobuf:"bytes,8,opt,name=fsFreezeStatus"`
}

// GuestAgentCommandInfo is a command of the guest agent.
type GuestAgentCommandInfo struct {
	// Name of the command.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Enabled tells that the guest allows it.
	// +optional
	Enabled bool `json:"enabled,omitempty" protobuf:"varint,2,opt,name=enabled"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachineInstanceGuestOSUserList is the users who are logged in to a guest.
type VirtualMachineInstanceGuestOSUserList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Items are the users.
	// +listType=atomic
	Items []VirtualMachineInstanceGuestOSUser `json:"items" protobuf:"bytes,2,rep,name=items"`
}

// VirtualMachineInstanceGuestOSUser is a user who is logged in to a guest.
type VirtualMachineInstanceGuestOSUser struct {
	// UserName is the login name.
	UserName string `json:"userName" protobuf:"bytes,1,opt,name=userName"`
	// Domain of the user, in Windows guests.
	// +optional
	Domain string `json:"domain,omitempty" protobuf:"bytes,2,opt,name=domain"`
	// LoginTime is when the user logged in, in seconds since 1970.
	// +optional
	LoginTime float64 `json:"loginTime,omitempty" protobuf:"fixed64,3,opt,name=loginTime"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachineInstanceFileSystemList is the file systems that a guest has mounted.
type VirtualMachineInstanceFileSystemList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Items are the file systems.
	// +listType=atomic
	Items []VirtualMachineInstanceFileSystem `json:"items" protobuf:"bytes,2,rep,name=items"`
}

// VirtualMachineInstanceFileSystemInfo holds the file systems that a guest has mounted.
type VirtualMachineInstanceFileSystemInfo struct {
	// Filesystems are the file systems.
	// +listType=atomic
	Filesystems []VirtualMachineInstanceFileSystem `json:"disks" protobuf:"bytes,1,rep,name=disks"`
}

// VirtualMachineInstanceFileSystem is a file system that a guest has mounted.
type VirtualMachineInstanceFileSystem struct {
	// DiskName is the device in the guest, such as vda1.
	DiskName string `json:"diskName" protobuf:"bytes,1,opt,name=diskName"`
	// MountPoint is where it is mounted.
	MountPoint string `json:"mountPoint" protobuf:"bytes,2,opt,name=mountPoint"`
	// FileSystemType is its type, such as ext4.
	FileSystemType string `json:"fileSystemType" protobuf:"bytes,3,opt,name=fileSystemType"`
	// UsedBytes is the space in use, in bytes.
	UsedBytes int64 `json:"usedBytes" protobuf:"varint,4,opt,name=usedBytes"`
	// TotalBytes is its size, in bytes.
	TotalBytes int64 `json:"totalBytes" protobuf:"varint,5,opt,name=totalBytes"`
	// Disk are the disks that it lies on.
	// +optional
	// +listType=atomic
	Disk []VirtualMachineInstanceFileSystemDisk `json:"disk,omitempty" protobuf:"bytes,6,rep,name=disk"`
}

// VirtualMachineInstanceFileSystemDisk is a disk that a guest's file system lies on.
type VirtualMachineInstanceFileSystemDisk struct {
	// Serial number of the disk.
	// +optional
	Serial string `json:"serial,omitempty" protobuf:"bytes,1,opt,name=serial"`
	// BusType is the disk's bus, as the guest sees it.
	BusType string `json:"busType" protobuf:"bytes,2,opt,name=busType"`
}
