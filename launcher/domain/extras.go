// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// addWatchdog adds the device that acts when the guest stops feeding it.
func addWatchdog(devices *libvirtxml.DomainDeviceList, in Input) error {
	const field = "spec.domain.devices.watchdog"
	w := in.VMI.Spec.Domain.Devices.Watchdog
	switch {
	case w == nil:
		return nil
	case w.Diag288 != nil:
		return fmt.Errorf("%s.diag288: is a device of s390x; use i6300esb", field)
	}
	action := v1.WatchdogActionReset
	if w.I6300ESB != nil && w.I6300ESB.Action != "" {
		action = w.I6300ESB.Action
	}
	switch action {
	case v1.WatchdogActionReset, v1.WatchdogActionPoweroff, v1.WatchdogActionShutdown:
	default:
		return fmt.Errorf("%s.i6300esb.action: %q is not supported; use reset, poweroff or shutdown", field, action)
	}
	devices.Watchdogs = []libvirtxml.DomainWatchdog{{Model: "i6300esb", Action: string(action), Alias: alias(w.Name)}}
	return nil
}

// addSound adds a sound card. Nobody hears it: VNC carries no sound.
func addSound(devices *libvirtxml.DomainDeviceList, in Input) error {
	s := in.VMI.Spec.Domain.Devices.Sound
	if s == nil {
		return nil
	}
	card := libvirtxml.DomainSound{Model: s.Model, Alias: alias(s.Name)}
	switch s.Model {
	case "":
		card.Model = "ich9"
	case "ich9", "ac97":
	default:
		return fmt.Errorf("spec.domain.devices.sound.model: %q is not supported; use ich9 or ac97", s.Model)
	}
	devices.Sounds = []libvirtxml.DomainSound{card}
	devices.Audios = []libvirtxml.DomainAudio{{ID: 1, None: &libvirtxml.DomainAudioNone{}}}
	return nil
}

// addPanic adds devices by which a guest tells that its kernel has crashed.
func addPanic(devices *libvirtxml.DomainDeviceList, in Input) error {
	for i, p := range in.VMI.Spec.Domain.Devices.PanicDevices {
		model := v1.PanicDeviceISA
		if p.Model != nil {
			model = *p.Model
		}
		switch model {
		case v1.PanicDeviceISA, v1.PanicDevicePvpanic:
		case v1.PanicDeviceHyperv:
			if !in.KVM {
				return fmt.Errorf("spec.domain.devices.panicDevices[%d].model: hyperv needs hardware virtualization, which this node does not give; use isa or pvpanic", i)
			}
		default:
			return fmt.Errorf("spec.domain.devices.panicDevices[%d].model: %q is not supported; use isa, pvpanic or hyperv", i, model)
		}
		devices.Panics = append(devices.Panics, libvirtxml.DomainPanic{Model: string(model)})
	}
	return nil
}
