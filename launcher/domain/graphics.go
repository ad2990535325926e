// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// vgaMemory is in KiB; it is touched only as far as the guest's screen reaches.
const vgaMemory = 16 << 10

// videoMemory holds the memory in KiB of each graphics card that can be had, 0 where libvirt takes none.
var videoMemory = map[string]uint{"vga": vgaMemory, "bochs": vgaMemory, "cirrus": vgaMemory, "virtio": 0, "ramfb": 0}

// addGraphics adds the graphics card and its view by VNC.
func addGraphics(devices *libvirtxml.DomainDeviceList, in Input) error {
	spec := &in.VMI.Spec.Domain.Devices
	if !isTrue(spec.AutoattachGraphicsDevice, true) {
		// libvirt adds a card by itself where it is not told that there is none.
		devices.Videos = []libvirtxml.DomainVideo{{Model: libvirtxml.DomainVideoModel{Type: "none"}}}
		return nil
	}
	card := videoType(in.VMI)
	memory, known := videoMemory[card]
	if !known {
		return fmt.Errorf("spec.domain.devices.video.type: %q is not supported; use vga, bochs, cirrus, virtio or ramfb", card)
	}
	devices.Graphics = []libvirtxml.DomainGraphic{{VNC: &libvirtxml.DomainGraphicVNC{
		// Viewers share the screen, also with those that ask for it alone without meaning it, as some do
		// by default. force-shared would send these away.
		SharePolicy: "ignore",
		Listeners: []libvirtxml.DomainGraphicListener{{
			Socket: &libvirtxml.DomainGraphicListenerSocket{Socket: in.VNCSocket},
		}},
	}}}
	devices.Videos = []libvirtxml.DomainVideo{{
		Model: libvirtxml.DomainVideoModel{Type: card, VRam: memory, Heads: 1},
	}}
	return nil
}

// videoType returns the wanted card, or the one that the firmware and most guests have a driver for.
func videoType(vmi *v1.VirtualMachineInstance) string {
	switch video := vmi.Spec.Domain.Devices.Video; {
	case video != nil && video.Type != "":
		return video.Type
	case efi(vmi) != nil:
		return "bochs" // the legacy registers of a VGA card are of no use there
	}
	return "vga"
}
