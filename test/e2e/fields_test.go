// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestFieldsReachTheGuest asks for much, and looks for it in the domain and in the guest.
func TestFieldsReachTheGuest(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	vmi := n.CreateRunning("rich", func(vm *v1.VirtualMachine) {
		d := &vm.Spec.Template.Spec.Domain
		d.CPU = &v1.CPU{Cores: 2, Model: "qemu64"}
		d.Chassis = &v1.Chassis{Manufacturer: "ACME", Serial: "C-123"}
		d.Firmware = &v1.Firmware{UUID: "5d307ca9-b3ef-428c-8861-06e72d69f223", Serial: "S-456"}
		d.Clock = &v1.Clock{ClockOffset: v1.ClockOffset{UTC: &v1.ClockOffsetUTC{}}, Timer: &v1.Timer{HPET: &v1.HPETTimer{Enabled: ptr.To(false)}}}
		d.IOThreadsPolicy = ptr.To(v1.IOThreadsPolicyAuto)
		d.Devices.Rng = &v1.Rng{}
		d.Devices.Watchdog = &v1.Watchdog{Name: "dog", WatchdogDevice: v1.WatchdogDevice{I6300ESB: &v1.I6300ESBWatchdog{Action: v1.WatchdogActionReset}}}
		d.Devices.Sound = &v1.SoundDevice{Name: "sound", Model: "ich9"}
		d.Devices.Disks[0].Serial = "D-789"
		d.Devices.Disks[0].BlockSize = &v1.BlockSize{Custom: &v1.CustomBlockSize{Logical: 512, Physical: 4096}}
		d.Devices.Interfaces[0].MacAddress = "02:00:00:ab:cd:ef"
	})
	if f := vmi.Status.Firmware; f == nil || f.UUID != "5d307ca9-b3ef-428c-8861-06e72d69f223" || f.Serial != "S-456" {
		t.Errorf("the status tells of the firmware %+v", f)
	}
	domain := n.Kubectl("exec", n.Launcher(vmi).Name, "--", "virsh", "dumpxml", n.ID+"_rich")
	for _, part := range []string{"i6300esb", "<sound model='ich9'>", "<rng model='virtio", "iothread='1'", "<timer name='hpet' present='no'/>", "qemu64"} {
		if !strings.Contains(domain, part) {
			t.Errorf("the domain has no %s:\n%s", part, domain)
		}
	}

	console := n.Console("rich")
	console.Login()
	for command, want := range map[string]string{
		"nproc":                                        "2",
		"cat /sys/class/dmi/id/chassis_vendor":         "ACME",
		"cat /sys/class/dmi/id/chassis_serial":         "C-123",
		"cat /sys/class/dmi/id/product_serial":         "S-456",
		"cat /sys/class/dmi/id/product_uuid":           "5d307ca9-b3ef-428c-8861-06e72d69f223",
		"cat /sys/block/vda/serial":                    "D-789",
		"cat /sys/block/vda/queue/physical_block_size": "4096",
		// The driver may be loaded after the login prompt.
		"until cat /sys/class/net/e*/address 2>/dev/null; do sleep 1; done": "02:00:00:ab:cd:ef",
	} {
		if got := strings.TrimSpace(console.Run(command)); got != want {
			t.Errorf("%s in the guest: %q, want %q", command, got, want)
		}
	}
}

// TestRestartRequired changes a template under a running guest: the status says so until the guest has it.
func TestRestartRequired(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	first := n.CreateRunning("grows", suite.StartsPaused)
	n.Kubectl("patch", "vm", "grows", "--type=merge", `--patch={"spec":{"template":{"spec":{"domain":{"memory":{"guest":"160Mi"}}}}}}`)
	required := func(want bool) {
		t.Helper()
		n.AwaitVM("grows", "RestartRequired is told or taken back", suite.Quick, func(vm *v1.VirtualMachine) bool {
			c := vm.Condition(v1.VirtualMachineRestartRequired)
			return want == (c != nil && c.Status == v1.ConditionTrue)
		})
	}
	required(true)
	n.Virtctl("restart", "grows")
	second := n.AwaitOther(first)
	required(false)
	if got := second.Spec.Domain.Memory.Guest; got.Cmp(resource.MustParse("160Mi")) != 0 {
		t.Errorf("the new instance has %s of memory", got)
	}
}

// TestReset presses the reset button: the guest boots anew, the instance stays.
func TestReset(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	vmi := n.CreateRunning("stuck")
	console := n.Console("stuck")
	console.Login()
	console.Forget()
	n.KubectlWith("{}", "replace", "--raw=/apis/subresources.kubevirt.io/v1/namespaces/"+n.ID+"/virtualmachineinstances/stuck/reset", "--filename=-")
	console.Expect("login:", suite.Boot)
	if now := n.GetVMI("stuck"); now.UID != vmi.UID || !now.IsRunning() {
		t.Errorf("the instance is %s in phase %s, was %s", now.UID, now.Status.Phase, vmi.UID)
	}
}
