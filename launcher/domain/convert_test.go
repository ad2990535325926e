// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"libvirt.org/go/libvirtxml"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/disk"
	"github.com/virtplane/virtplane/launcher/session"
)

var update = flag.Bool("update", false, "write the golden files anew")

// scenario is a file testdata/NAME.yaml; its domain is in NAME.xml.
type scenario struct {
	KVM        bool                      `json:"kvm"`
	KVMOnly    bool                      `json:"kvmOnly"`
	VhostNet   bool                      `json:"vhostNet"`
	Volumes    map[string]disk.Source    `json:"volumes"`
	Interfaces []session.Interface       `json:"interfaces"`
	Kernel     disk.Kernel               `json:"kernel"`
	Disks      map[string]string         `json:"disks"`
	Error      string                    `json:"error"`
	VMI        v1.VirtualMachineInstance `json:"vmi"`
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) { check(t, strings.TrimSuffix(file, ".yaml")) })
	}
}

func check(t *testing.T, base string) {
	raw, err := os.ReadFile(base + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s scenario
	if err := yaml.UnmarshalStrict(raw, &s); err != nil {
		t.Fatal(err)
	}
	v1.SetInstanceSpecDefaults(&s.VMI.Spec)
	got, err := Convert(Input{
		VMI: &s.VMI, KVM: s.KVM, VhostNet: s.VhostNet, Volumes: s.Volumes, Interfaces: s.Interfaces,
		SerialSocket: "/private/virt-serial0", VNCSocket: "/private/virt-vnc", AgentSocket: "/private/virt-agent", Private: "/private", Kernel: s.Kernel,
		Now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC),
	})
	if s.Error != "" {
		if err == nil || !strings.Contains(err.Error(), s.Error) {
			t.Fatalf("got %v, want %q", err, s.Error)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for volume, want := range s.Disks {
		if got.Disks[volume] != want {
			t.Errorf("volume %s is %s, want %s", volume, got.Disks[volume], want)
		}
	}
	golden := base + ".xml"
	if *update {
		if err := os.WriteFile(golden, []byte(got.XML+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(want)) != got.XML {
		t.Errorf("%s differs (run with -update to accept):\n%s", golden, got.XML)
	}
	var parsed libvirtxml.Domain
	if err := parsed.Unmarshal(got.XML); err != nil {
		t.Error(err)
	}
}

func TestSizesAreToldAsFarAsTheyAreKnown(t *testing.T) {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Name, vmi.Namespace = "demo", "default"
	vmi.Spec.Domain.Memory = &v1.Memory{Guest: ptr(resource.MustParse("64Mi"))}
	vmi.Spec.Domain.Devices.Disks = []v1.Disk{{Name: "known"}, {Name: "unknown"}}
	got, err := Convert(Input{VMI: vmi, Volumes: map[string]disk.Source{"known": {Size: 1 << 30}, "unknown": {}, "unused": {Size: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Sizes) != 1 || got.Sizes["known"] != 1<<30 {
		t.Errorf("got %v", got.Sizes)
	}
}

func TestDeviceNamesGoOnAfterZ(t *testing.T) {
	for index, want := range map[int]string{0: "vda", 25: "vdz", 26: "vdaa", 51: "vdaz", 52: "vdba", 701: "vdzz", 702: "vdaaa"} {
		if got := deviceName("vd", index); got != want {
			t.Errorf("device %d is %s, want %s", index, got, want)
		}
	}
}

// A guest may have more devices than the root complex has slots; libvirt finds places for the rest.
func TestDevicesBeyondTheRootComplexAreLeftToLibvirt(t *testing.T) {
	devices := &libvirtxml.DomainDeviceList{MemBalloon: &libvirtxml.DomainMemBalloon{Model: "none"}}
	for range 30 {
		devices.Disks = append(devices.Disks, libvirtxml.DomainDisk{Target: &libvirtxml.DomainDiskTarget{Bus: "virtio"}})
	}
	placeDevices(devices)
	used := map[uint]bool{}
	for i := range devices.Disks {
		address := devices.Disks[i].Address
		if placed := i < lastSlot-firstSlot; placed != (address != nil) {
			t.Fatalf("disk %d: address %v", i, address)
		}
		if address != nil {
			slot := *address.PCI.Slot
			if used[slot] || slot < firstSlot || slot > lastSlot {
				t.Fatalf("disk %d: slot %d", i, slot)
			}
			used[slot] = true
		}
	}
}
