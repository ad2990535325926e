// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	agentChannel = "org.qemu.guest_agent.0"
	// vgaMemory is in KiB; it is touched only as far as the guest's screen reaches.
	vgaMemory = 16 << 10
)

// addDevices adds all that is neither disk nor NIC.
func addDevices(devices *libvirtxml.DomainDeviceList, in Input) {
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
	devices.Channels = append(devices.Channels, libvirtxml.DomainChannel{
		Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{Mode: "bind"}},
		Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: agentChannel}},
	})
	devices.MemBalloon = balloon(spec)
	if spec.Rng != nil {
		devices.RNGs = append(devices.RNGs, libvirtxml.DomainRNG{
			Model: virtioModel,
			Backend: &libvirtxml.DomainRNGBackend{
				Random: &libvirtxml.DomainRNGBackendRandom{Device: "/dev/urandom"},
			},
		})
	}
	addGraphics(devices, spec, in.VNCSocket)
	addInputs(devices, spec)
}

// balloon lets the guest hand back memory; freePageReporting does so without being asked.
func balloon(spec *v1.Devices) *libvirtxml.DomainMemBalloon {
	if enabled := spec.AutoattachMemBalloon; enabled != nil && !*enabled {
		return &libvirtxml.DomainMemBalloon{Model: "none"}
	}
	return &libvirtxml.DomainMemBalloon{Model: virtioModel, FreePageReporting: on}
}

func addGraphics(devices *libvirtxml.DomainDeviceList, spec *v1.Devices, socket string) {
	if enabled := spec.AutoattachGraphicsDevice; enabled != nil && !*enabled {
		// libvirt adds a card by itself where it is not told that there is none.
		devices.Videos = []libvirtxml.DomainVideo{{Model: libvirtxml.DomainVideoModel{Type: "none"}}}
		return
	}
	devices.Graphics = []libvirtxml.DomainGraphic{{VNC: &libvirtxml.DomainGraphicVNC{
		Listeners: []libvirtxml.DomainGraphicListener{{
			Socket: &libvirtxml.DomainGraphicListenerSocket{Socket: socket},
		}},
	}}}
	devices.Videos = []libvirtxml.DomainVideo{{
		Model: libvirtxml.DomainVideoModel{Type: "vga", VRam: vgaMemory, Heads: 1},
	}}
}

func addInputs(devices *libvirtxml.DomainDeviceList, spec *v1.Devices) {
	inputs := spec.Inputs
	if auto := spec.AutoattachInputDevice; auto != nil && *auto && len(inputs) == 0 {
		inputs = []v1.Input{{Name: "default-0", Type: "tablet", Bus: "usb"}}
	}
	for _, i := range inputs {
		input := libvirtxml.DomainInput{Type: i.Type, Bus: i.Bus, Alias: alias(i.Name)}
		if i.Bus == "" {
			input.Bus = "usb"
		}
		if input.Bus == "virtio" {
			input.Model = virtioModel
		}
		devices.Inputs = append(devices.Inputs, input)
	}
}

// addControllers names the controllers that must not be left to libvirt's choice; PCI ports and
// SATA follow from the devices.
func addControllers(devices *libvirtxml.DomainDeviceList) {
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
		libvirtxml.DomainController{Type: "virtio-serial", Index: ptr(uint(0)), Model: virtioModel},
	)
	if scsi {
		devices.Controllers = append(devices.Controllers,
			libvirtxml.DomainController{Type: "scsi", Index: ptr(uint(0)), Model: virtioModel})
	}
}

func ptr[T any](v T) *T { return &v }
