// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const agentChannel = "org.qemu.guest_agent.0"

// addDevices adds all that is neither disk nor NIC.
func addDevices(devices *libvirtxml.DomainDeviceList, in Input) error {
	spec := &in.VMI.Spec.Domain.Devices
	if in.VMI.SerialConsole() {
		devices.Serials = append(devices.Serials, libvirtxml.DomainSerial{
			// QEMU connects to the launcher: the port's first byte has somebody to read it.
			Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{
				Mode: "connect", Path: in.SerialSocket,
			}},
			Target: &libvirtxml.DomainSerialTarget{Type: "isa-serial", Port: ptr(uint(0))},
		})
	}
	// QEMU connects to the launcher, so that nobody else reads what the guest says; see package agent.
	channel := &libvirtxml.DomainChardevSourceUNIX{Mode: "connect", Path: in.AgentSocket}
	if in.AgentSocket == "" {
		channel.Mode = "bind"
	}
	devices.Channels = append(devices.Channels, libvirtxml.DomainChannel{
		Source: &libvirtxml.DomainChardevSource{UNIX: channel},
		Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: agentChannel}},
	})
	devices.MemBalloon = balloon(in)
	if spec.Rng != nil {
		devices.RNGs = append(devices.RNGs, libvirtxml.DomainRNG{
			Model: virtio(in.VMI),
			Backend: &libvirtxml.DomainRNGBackend{
				Random: &libvirtxml.DomainRNGBackendRandom{Device: "/dev/urandom"},
			},
		})
	}
	addInputs(devices, in)
	for _, add := range []func(*libvirtxml.DomainDeviceList, Input) error{addGraphics, addWatchdog, addSound, addPanic} {
		if err := add(devices, in); err != nil {
			return err
		}
	}
	return nil
}

// balloon lets the guest hand back memory; freePageReporting does so without being asked.
func balloon(in Input) *libvirtxml.DomainMemBalloon {
	if !isTrue(in.VMI.Spec.Domain.Devices.AutoattachMemBalloon, true) {
		return &libvirtxml.DomainMemBalloon{Model: "none"}
	}
	return &libvirtxml.DomainMemBalloon{Model: virtio(in.VMI), FreePageReporting: on}
}

// addInputs adds tablets. libvirt takes no model for one on the bus virtio, which is always transitional.
func addInputs(devices *libvirtxml.DomainDeviceList, in Input) {
	spec := &in.VMI.Spec.Domain.Devices
	inputs := spec.Inputs
	if isTrue(spec.AutoattachInputDevice, false) && len(inputs) == 0 {
		inputs = []v1.Input{{Name: "default-0", Type: "tablet", Bus: "usb"}}
	}
	for _, i := range inputs {
		input := libvirtxml.DomainInput{Type: string(i.Type), Bus: string(i.Bus), Alias: alias(i.Name)}
		if i.Bus == "" {
			input.Bus = "usb"
		}
		devices.Inputs = append(devices.Inputs, input)
	}
}

// addControllers names the controllers that must not be left to libvirt's choice; PCI ports and
// SATA follow from the devices.
func addControllers(devices *libvirtxml.DomainDeviceList, vmi *v1.VirtualMachineInstance) {
	usb, scsi := false, false
	for i := range devices.Disks {
		usb = usb || devices.Disks[i].Target.Bus == string(v1.DiskBusUSB)
		scsi = scsi || devices.Disks[i].Target.Bus == string(v1.DiskBusSCSI)
	}
	for i := range devices.Inputs {
		usb = usb || devices.Inputs[i].Bus == "usb"
	}
	model := "none"
	if usb {
		model = "qemu-xhci"
	}
	devices.Controllers = append(devices.Controllers,
		libvirtxml.DomainController{Type: "usb", Index: ptr(uint(0)), Model: model},
		libvirtxml.DomainController{Type: "virtio-serial", Index: ptr(uint(0)), Model: virtio(vmi)},
	)
	if scsi {
		devices.Controllers = append(devices.Controllers,
			libvirtxml.DomainController{Type: "scsi", Index: ptr(uint(0)), Model: virtio(vmi)})
	}
}

// virtio is the model of the guest's virtio devices: the one of virtio 1.0, unless the owner asks for
// the transitional one, which drivers of virtio 0.9 understand as well.
func virtio(vmi *v1.VirtualMachineInstance) string {
	if isTrue(vmi.Spec.Domain.Devices.UseVirtioTransitional, false) {
		return "virtio-transitional"
	}
	return "virtio-non-transitional"
}

func ptr[T any](v T) *T { return &v }
