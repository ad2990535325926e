// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package guestinfo

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestTextIsFitForATerminal(t *testing.T) {
	for in, want := range map[string]string{
		"Debian GNU/Linux 13 (trixie)": "Debian GNU/Linux 13 (trixie)",
		"Ethernet \"2\" ünïcödé 網路":    "Ethernet \"2\" ünïcödé 網路",
		"\x1b[31mred\x1b[0m\x00":       "[31mred [0m",
		"two\nlines\r\n":               "two lines",
		"cut \xff\xfe short":           "cut  short",
		"right\u202eto left":           "right to left",
		"\u2028":                       "",
	} {
		if got := Text(in, 100); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := Text(strings.Repeat("網", 100), 10); got != "網網網" {
		t.Errorf("cut in the middle of a character: %q", got)
	}
}

// hostile is longer and stranger than any text may be.
var hostile = strings.Repeat("\x1b]0;\xff\"\\\u202e", 1<<15)

func TestStatusIsBounded(t *testing.T) {
	s := &Status{Frozen: true}
	s.OS = v1.VirtualMachineInstanceGuestOSInfo{Name: hostile, PrettyName: hostile, Machine: "x86_64"}
	for i := range 1000 {
		s.Missing = append(s.Missing, hostile)
		s.Interfaces = append(s.Interfaces, Interface{Name: hostile, MAC: fmt.Sprintf("02:00:00:00:%02x:%02x", i/256, i%256), IPs: slices.Repeat([]string{"2001:db8::1"}, 1000)})
	}
	b := s.Bound()
	raw, err := json.Marshal(b)
	if err != nil || len(raw) > 56<<10 {
		t.Errorf("%d bytes, %v; a frame has 64 KiB", len(raw), err)
	}
	if len(b.Interfaces) != maxInterfaces || len(b.Interfaces[0].IPs) != maxAddresses || len(b.Missing) > maxMissing || !b.Frozen || b.OS.Machine != "x86_64" {
		t.Errorf("%d interfaces with %d addresses, %d missing, %+v", len(b.Interfaces), len(b.Interfaces[0].IPs), len(b.Missing), b.OS.Machine)
	}
	if !utf8.ValidString(b.OS.Name) || strings.ContainsRune(b.OS.Name, 0x1b) || len(b.OS.Name) > maxOS {
		t.Errorf("name %q", b.OS.Name)
	}
	if again := b.Bound(); fmt.Sprint(again) != fmt.Sprint(b) {
		t.Error("what is bounded changes when it is bounded again")
	}
	if (*Status)(nil).Bound() != nil {
		t.Error("nothing became something")
	}
}

func TestWhatIsNoAddressIsLeftOut(t *testing.T) {
	s := (&Status{Interfaces: []Interface{
		{Name: "eth0", MAC: "02:00:00:AA:00:01", IPs: []string{"fe80::1%eth0", "nonsense", "", "::ffff:10.0.2.2", "10.0.2.3", "<script>"}},
		{Name: "evil", MAC: "no address"}, {Name: "none"},
	}}).Bound()
	if len(s.Interfaces) != 1 || s.Interfaces[0].MAC != "02:00:00:aa:00:01" || !slices.Equal(s.Interfaces[0].IPs, []string{"10.0.2.2", "10.0.2.3", "fe80::1"}) {
		t.Errorf("got %+v", s.Interfaces)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	info := &v1.VirtualMachineInstanceGuestAgentInfo{GAVersion: hostile, Hostname: hostile, Timezone: hostile, FSFreezeStatus: hostile}
	users := &v1.VirtualMachineInstanceGuestOSUserList{}
	filesystems := &v1.VirtualMachineInstanceFileSystemList{}
	for range 5000 {
		users.Items = append(users.Items, v1.VirtualMachineInstanceGuestOSUser{UserName: hostile, Domain: hostile, LoginTime: math.MaxFloat64})
		fs := v1.VirtualMachineInstanceFileSystem{DiskName: hostile, MountPoint: hostile, FileSystemType: hostile, UsedBytes: -1, TotalBytes: math.MinInt64}
		fs.Disk = slices.Repeat([]v1.VirtualMachineInstanceFileSystemDisk{{Serial: hostile, BusType: hostile}}, 100)
		filesystems.Items = append(filesystems.Items, fs)
		info.SupportedCommands = append(info.SupportedCommands, v1.GuestAgentCommandInfo{Name: hostile, Enabled: true})
	}
	info.UserList, info.FSInfo.Filesystems = slices.Clone(users.Items), slices.Clone(filesystems.Items)
	BoundInfo(info)
	BoundUsers(users)
	BoundFilesystems(filesystems)
	for name, answer := range map[string]any{"guestosinfo": info, "userlist": users, "filesystemlist": filesystems} {
		raw, err := json.Marshal(answer)
		if err != nil || len(raw) > maxAnswer {
			t.Errorf("%s: %d bytes, %v", name, len(raw), err)
		}
	}
	if len(users.Items) == 0 || users.Items[0].LoginTime != 0 || len(filesystems.Items) == 0 || filesystems.Items[0].UsedBytes != 0 || filesystems.Items[0].TotalBytes != 0 {
		t.Errorf("%d users, %d file systems", len(users.Items), len(filesystems.Items))
	}
	if info.FSFreezeStatus != Thawed || len(info.UserList) > maxSummary {
		t.Errorf("freeze status %q, %d users", info.FSFreezeStatus, len(info.UserList))
	}
}

func TestWhatAnHonestAgentSaysStays(t *testing.T) {
	users := &v1.VirtualMachineInstanceGuestOSUserList{Items: []v1.VirtualMachineInstanceGuestOSUser{{UserName: "debian", LoginTime: 1764000000.5}}}
	BoundUsers(users)
	if len(users.Items) != 1 || users.Items[0] != (v1.VirtualMachineInstanceGuestOSUser{UserName: "debian", LoginTime: 1764000000.5}) {
		t.Errorf("got %+v", users.Items)
	}
	fs := v1.VirtualMachineInstanceFileSystem{DiskName: "vda1", MountPoint: "/", FileSystemType: "ext4", UsedBytes: 1 << 30, TotalBytes: 1 << 31,
		Disk: []v1.VirtualMachineInstanceFileSystemDisk{{Serial: "x", BusType: "virtio"}}}
	list := &v1.VirtualMachineInstanceFileSystemList{Items: []v1.VirtualMachineInstanceFileSystem{fs}}
	BoundFilesystems(list)
	if got := list.Items[0]; got.DiskName != "vda1" || got.MountPoint != "/" || got.UsedBytes != 1<<30 || got.TotalBytes != 1<<31 || got.Disk[0].BusType != "virtio" {
		t.Errorf("got %+v", got)
	}
}
