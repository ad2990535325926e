// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/guestinfo"
)

// Info asks for what guestosinfo answers. What the agent refuses to tell stays empty.
func (a *Agent) Info(ctx context.Context) (*v1.VirtualMachineInstanceGuestAgentInfo, error) {
	info := &v1.VirtualMachineInstanceGuestAgentInfo{}
	var host struct {
		Name string `json:"host-name"`
	}
	var zone struct {
		Name   string `json:"zone"`
		Offset int    `json:"offset"`
	}
	var err error
	for _, question := range []func() error{
		func() error { info.FSFreezeStatus, err = a.freezeStatus(ctx); return err },
		func() error { info.GAVersion, info.SupportedCommands, err = a.commands(ctx); return err },
		func() error { info.OS, err = a.os(ctx); return err },
		func() error { return a.ask(ctx, "guest-get-host-name", nil, &host, quick) },
		func() error {
			if err := a.ask(ctx, "guest-get-timezone", nil, &zone, quick); err != nil {
				return err
			}
			info.Timezone = fmt.Sprintf("%s, %d", zone.Name, zone.Offset)
			return nil
		},
		func() error { info.UserList, err = a.users(ctx); return err },
		func() error { info.FSInfo.Filesystems, err = a.filesystems(ctx); return err },
	} {
		if err := question(); err != nil && (silent(err) || ctx.Err() != nil) {
			return nil, err
		}
	}
	info.Hostname = host.Name
	guestinfo.BoundInfo(info)
	return info, nil
}

// Users asks who is logged in.
func (a *Agent) Users(ctx context.Context) (*v1.VirtualMachineInstanceGuestOSUserList, error) {
	users, err := a.users(ctx)
	if err != nil {
		return nil, err
	}
	answer := &v1.VirtualMachineInstanceGuestOSUserList{Items: users}
	guestinfo.BoundUsers(answer)
	return answer, nil
}

// Filesystems asks which file systems are mounted.
func (a *Agent) Filesystems(ctx context.Context) (*v1.VirtualMachineInstanceFileSystemList, error) {
	filesystems, err := a.filesystems(ctx)
	if err != nil {
		return nil, err
	}
	answer := &v1.VirtualMachineInstanceFileSystemList{Items: filesystems}
	guestinfo.BoundFilesystems(answer)
	return answer, nil
}

func (a *Agent) users(ctx context.Context) ([]v1.VirtualMachineInstanceGuestOSUser, error) {
	var users list[struct {
		Name      string  `json:"user"`
		Domain    string  `json:"domain"`
		LoginTime float64 `json:"login-time"`
	}]
	err := a.ask(ctx, "guest-get-users", nil, &users, quick)
	result := []v1.VirtualMachineInstanceGuestOSUser{}
	for _, u := range users {
		result = append(result, v1.VirtualMachineInstanceGuestOSUser{UserName: u.Name, Domain: u.Domain, LoginTime: u.LoginTime})
	}
	return result, err
}

func (a *Agent) filesystems(ctx context.Context) ([]v1.VirtualMachineInstanceFileSystem, error) {
	var filesystems list[struct {
		Name       string `json:"name"`
		Mountpoint string `json:"mountpoint"`
		Type       string `json:"type"`
		Used       int64  `json:"used-bytes"`
		Total      int64  `json:"total-bytes"`
		Disks      list[struct {
			Serial string `json:"serial"`
			Bus    string `json:"bus-type"`
		}] `json:"disk"`
	}]
	err := a.ask(ctx, "guest-get-fsinfo", nil, &filesystems, quick)
	result := []v1.VirtualMachineInstanceFileSystem{}
	for _, f := range filesystems {
		fs := v1.VirtualMachineInstanceFileSystem{DiskName: f.Name, MountPoint: f.Mountpoint, FileSystemType: f.Type, UsedBytes: f.Used, TotalBytes: f.Total}
		for _, d := range f.Disks {
			fs.Disk = append(fs.Disk, v1.VirtualMachineInstanceFileSystemDisk{Serial: d.Serial, BusType: d.Bus})
		}
		result = append(result, fs)
	}
	return result, err
}

func (a *Agent) os(ctx context.Context) (v1.VirtualMachineInstanceGuestOSInfo, error) {
	var os struct {
		Name          string `json:"name"`
		KernelRelease string `json:"kernel-release"`
		KernelVersion string `json:"kernel-version"`
		Version       string `json:"version"`
		VersionID     string `json:"version-id"`
		PrettyName    string `json:"pretty-name"`
		Machine       string `json:"machine"`
		ID            string `json:"id"`
	}
	err := a.ask(ctx, "guest-get-osinfo", nil, &os, quick)
	return v1.VirtualMachineInstanceGuestOSInfo{
		Name: os.Name, KernelRelease: os.KernelRelease, KernelVersion: os.KernelVersion, Version: os.Version,
		VersionID: os.VersionID, PrettyName: os.PrettyName, Machine: os.Machine, ID: os.ID,
	}, err
}

// commands asks for the agent's version and what it can do.
func (a *Agent) commands(ctx context.Context) (version string, supported []v1.GuestAgentCommandInfo, err error) {
	var info struct {
		Version  string                         `json:"version"`
		Commands list[v1.GuestAgentCommandInfo] `json:"supported_commands"`
	}
	err = a.ask(ctx, "guest-info", nil, &info, quick)
	return info.Version, info.Commands, err
}

// needed are the commands without which an agent counts as not supported: the published API's list.
var needed = []string{
	"guest-ping", "guest-get-time", "guest-info", "guest-shutdown", "guest-network-get-interfaces", "guest-get-fsinfo",
	"guest-get-host-name", "guest-get-users", "guest-get-timezone", "guest-get-osinfo",
}

// missing returns the needed commands that are not among the supported ones.
func missing(supported []v1.GuestAgentCommandInfo) []string {
	enabled := map[string]bool{}
	for _, c := range supported {
		enabled[c.Name] = enabled[c.Name] || c.Enabled
	}
	var list []string
	for _, command := range needed {
		if !enabled[command] {
			list = append(list, command)
		}
	}
	return list
}
