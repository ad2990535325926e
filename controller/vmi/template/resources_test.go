// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func sized(memory string, cores uint32) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Domain.Memory = &v1.Memory{Guest: ptr.To(resource.MustParse(memory))}
	vmi.Spec.Domain.CPU = &v1.CPU{Cores: cores}
	return vmi
}

func TestSmallGuestReservesAtMost140MiB(t *testing.T) {
	got := Overhead(sized("128Mi", 1), true)
	if limit := resource.MustParse("140Mi"); got.Cmp(limit) > 0 {
		t.Errorf("overhead %s is more than %s", got.String(), limit.String())
	}
}

func TestOverheadGrowsWithTheGuest(t *testing.T) {
	small, headless := Overhead(sized("128Mi", 1), false), sized("128Mi", 1)
	headless.Spec.Domain.Devices.AutoattachGraphicsDevice = ptr.To(false)
	for name, step := range map[string]struct {
		got  resource.Quantity
		more int64
	}{
		"three more CPUs":    {Overhead(sized("128Mi", 4), false), 3 * vcpuOverhead},
		"512 MiB more":       {Overhead(sized("640Mi", 1), false), mebibyte},
		"without a display":  {Overhead(headless, false), -graphicsOverhead},
		"emulated":           {Overhead(sized("128Mi", 1), true), 32 * mebibyte},
		"1 TiB and 1 CPU":    {Overhead(sized("1Ti", 1), false), (1<<40 - 128*mebibyte) / pageTableShare},
		"UEFI":               {Overhead(booting(&v1.EFI{}), false), efiOverhead},
		"a shared thread":    {Overhead(threaded(v1.IOThreadsPolicyShared), false), 2 * ioThreadOverhead},
		"a thread each":      {Overhead(threaded(v1.IOThreadsPolicyAuto), false), 3 * ioThreadOverhead},
		"a pool":             {Overhead(threaded(v1.IOThreadsPolicySupplementalPool), false), 6 * ioThreadOverhead},
		"one disk's thread":  {Overhead(threaded(""), false), 2 * ioThreadOverhead},
		"no memory is given": {Overhead(&v1.VirtualMachineInstance{}, false), -128 * mebibyte / pageTableShare},
	} {
		if got := step.got.Value() - small.Value(); got != step.more {
			t.Errorf("%s: %d bytes more, want %d", name, got, step.more)
		}
	}
}

func booting(efi *v1.EFI) *v1.VirtualMachineInstance {
	vmi := sized("128Mi", 1)
	vmi.Spec.Domain.Firmware = &v1.Firmware{Bootloader: &v1.Bootloader{EFI: efi}}
	return vmi
}

// threaded returns an instance of three virtio disks, one of them with a thread of its own, and a SATA disk.
func threaded(policy v1.IOThreadsPolicy) *v1.VirtualMachineInstance {
	vmi := sized("128Mi", 1)
	virtio := v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}
	vmi.Spec.Domain.Devices.Disks = []v1.Disk{{DiskDevice: virtio}, {DiskDevice: virtio, DedicatedIOThread: ptr.To(true)}, {DiskDevice: virtio},
		{DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusSATA}}}}
	if policy != "" {
		vmi.Spec.Domain.IOThreadsPolicy = &policy
		vmi.Spec.Domain.IOThreads = &v1.DiskIOThreads{SupplementalPoolThreadCount: ptr.To[uint32](5)}
	}
	return vmi
}

func TestMemoryRequestFollowsOvercommit(t *testing.T) {
	for _, c := range []struct {
		guest      string
		overcommit int64
		want       string
	}{
		{"128Mi", 100, "128Mi"},
		{"300Mi", 150, "200Mi"},
		{"1Gi", 50, "2Gi"},
		{"8Ei", 200, "4Ei"}, // no overflow
	} {
		got, want := memoryRequest(sized(c.guest, 1), c.overcommit), resource.MustParse(c.want)
		if diff := got.Value() - want.Value(); diff < -100 || diff > 100 {
			t.Errorf("%s at %d %%: %s, want %s", c.guest, c.overcommit, got.String(), c.want)
		}
	}
}

func TestUnknownVolumesAreRefusedByName(t *testing.T) {
	vmi := sized("128Mi", 1)
	vmi.Spec.Volumes = []v1.Volume{{Name: "root"}}
	vmi.Spec.Volumes[0].PersistentVolumeClaim = &v1.PersistentVolumeClaimVolumeSource{}
	_, err := Pod(vmi, withKVM)
	if want := "spec.volumes[0].persistentVolumeClaim: is not supported yet"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	vmi.Spec.Volumes = []v1.Volume{{Name: "../../etc"}}
	if _, err := Pod(vmi, withKVM); err == nil {
		t.Error("a volume may name any path")
	}
}
