// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package guestinfo

import (
	"encoding/json"
	"math"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Caps on the answers of guestosinfo, userlist and filesystemlist.
const (
	// maxAnswer is for a whole answer as JSON, in bytes: the launcher's frames have 64 KiB.
	maxAnswer = 48 << 10
	// maxSummary is how many users and file systems guestosinfo has; the published API says 10.
	maxSummary = 10
	// maxUsers and maxFilesystems are for the lists of their own.
	maxUsers       = 256
	maxFilesystems = 256
	maxDisks       = 8
	maxCommands    = 256
	// maxName is for names of users, hosts, zones and devices, in bytes; maxPath for mount points.
	maxName = 256
	maxPath = 1024
)

// BoundInfo bounds the answer of guestosinfo.
func BoundInfo(info *v1.VirtualMachineInstanceGuestAgentInfo) {
	info.GAVersion, info.Hostname = Text(info.GAVersion, maxName), Text(info.Hostname, maxName)
	info.Timezone = Text(info.Timezone, maxName)
	info.OS = boundOS(info.OS)
	info.SupportedCommands = first(info.SupportedCommands, maxCommands)
	for i := range info.SupportedCommands {
		info.SupportedCommands[i].Name = Text(info.SupportedCommands[i].Name, maxCommand)
	}
	info.UserList = boundUsers(info.UserList, maxSummary)
	info.FSInfo.Filesystems = boundFilesystems(info.FSInfo.Filesystems, maxSummary)
	if info.FSFreezeStatus != Frozen {
		info.FSFreezeStatus = Thawed
	}
	for tooLong(info) && len(info.SupportedCommands)+len(info.FSInfo.Filesystems) > 0 {
		info.SupportedCommands = half(info.SupportedCommands)
		info.FSInfo.Filesystems = half(info.FSInfo.Filesystems)
	}
}

// Frozen and Thawed are the words of the agent for the state of the file systems.
const (
	Frozen = "frozen"
	Thawed = "thawed"
)

// BoundUsers bounds the answer of userlist.
func BoundUsers(list *v1.VirtualMachineInstanceGuestOSUserList) {
	list.Items = boundUsers(list.Items, maxUsers)
	for tooLong(list) && len(list.Items) > 0 {
		list.Items = half(list.Items)
	}
}

// BoundFilesystems bounds the answer of filesystemlist.
func BoundFilesystems(list *v1.VirtualMachineInstanceFileSystemList) {
	list.Items = boundFilesystems(list.Items, maxFilesystems)
	for tooLong(list) && len(list.Items) > 0 {
		list.Items = half(list.Items)
	}
}

func boundUsers(list []v1.VirtualMachineInstanceGuestOSUser, limit int) []v1.VirtualMachineInstanceGuestOSUser {
	list = first(list, limit)
	for i := range list {
		user := &list[i]
		user.UserName, user.Domain = Text(user.UserName, maxName), Text(user.Domain, maxName)
		if user.LoginTime < 0 || user.LoginTime > math.MaxInt64 {
			user.LoginTime = 0
		}
	}
	return list
}

func boundFilesystems(list []v1.VirtualMachineInstanceFileSystem, limit int) []v1.VirtualMachineInstanceFileSystem {
	list = first(list, limit)
	for i := range list {
		fs := &list[i]
		fs.DiskName, fs.FileSystemType = Text(fs.DiskName, maxName), Text(fs.FileSystemType, maxName)
		fs.MountPoint = Text(fs.MountPoint, maxPath)
		fs.UsedBytes, fs.TotalBytes = max(fs.UsedBytes, 0), max(fs.TotalBytes, 0)
		fs.Disk = first(fs.Disk, maxDisks)
		for j := range fs.Disk {
			fs.Disk[j].Serial, fs.Disk[j].BusType = Text(fs.Disk[j].Serial, maxName), Text(fs.Disk[j].BusType, maxName)
		}
	}
	return list
}

// tooLong tells that an answer has more bytes than fit, as quotes and backslashes take two.
func tooLong(answer any) bool {
	raw, err := json.Marshal(answer)
	return err != nil || len(raw) > maxAnswer
}

func half[T any](list []T) []T { return list[:len(list)/2] }
