// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package domain converts an instance into the libvirt domain that runs it. The conversion is a
// pure function: what depends on the machine or was prepared before comes in as its input.
package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/disk"
	"github.com/virtplane/virtplane/launcher/identity"
	"github.com/virtplane/virtplane/launcher/session"
)

const (
	emulator = "/usr/bin/qemu-system-x86_64"
	on       = "on"
	off      = "off"
	yes      = "yes"
	no       = "no"
)

// Input is all that a domain is made of.
type Input struct {
	VMI *v1.VirtualMachineInstance
	// KVM tells that hardware virtualization is there; without it the guest is emulated.
	KVM bool
	// VhostNet tells that the kernel can move the guest's packets itself.
	VhostNet bool
	// Volumes are the prepared sources by volume name.
	Volumes map[string]disk.Source
	// Interfaces are the NICs that the node plugin plumbed.
	Interfaces []session.Interface
	// SerialSocket is where QEMU connects the first serial port to.
	SerialSocket string
	// VNCSocket is where QEMU listens for VNC.
	VNCSocket string
}

// Output is the domain and what the plugin wants to know of it.
type Output struct {
	XML string
	// Disks maps volume names to device names, such as vda.
	Disks map[string]string
}

// Convert makes the domain. Its errors name the field of the instance that is at fault.
func Convert(in Input) (Output, error) {
	d, disks, err := build(in)
	if err != nil {
		return Output{}, err
	}
	xml, err := d.Marshal()
	if err != nil {
		return Output{}, fmt.Errorf("encode domain: %w", err)
	}
	return Output{XML: xml, Disks: disks}, nil
}

func build(in Input) (*libvirtxml.Domain, map[string]string, error) {
	vmi := in.VMI
	uuid, err := identity.UUID(vmi)
	if err != nil {
		return nil, nil, err
	}
	memory := vmi.Spec.Domain.Memory
	if memory == nil || memory.Guest == nil || memory.Guest.Value() < minMemory {
		return nil, nil, fmt.Errorf("spec.domain.memory.guest: at least %d MiB are needed", minMemory>>20)
	}
	d := &libvirtxml.Domain{
		Type:       "kvm",
		Name:       identity.Domain(vmi.Namespace, vmi.Name),
		UUID:       uuid,
		Memory:     &libvirtxml.DomainMemory{Value: uint(memory.Guest.Value() >> 10), Unit: "KiB"},
		SysInfo:    []libvirtxml.DomainSysInfo{sysInfo(vmi, uuid)},
		OS:         bootOS(vmi),
		Features:   features(vmi),
		Clock:      clock(),
		OnPoweroff: "destroy",
		OnReboot:   "restart",
		OnCrash:    "destroy",
		PM: &libvirtxml.DomainPM{
			SuspendToMem:  &libvirtxml.DomainPMPolicy{Enabled: no},
			SuspendToDisk: &libvirtxml.DomainPMPolicy{Enabled: no},
		},
		Devices: &libvirtxml.DomainDeviceList{Emulator: emulator},
	}
	setCPU(d, vmi.Spec.Domain.CPU, in.KVM)
	if !in.KVM {
		emulate(d)
	}
	disks, err := addDisks(d.Devices, in)
	if err != nil {
		return nil, nil, err
	}
	if err := addInterfaces(d.Devices, in); err != nil {
		return nil, nil, err
	}
	addDevices(d.Devices, in)
	addControllers(d.Devices)
	placeDevices(d.Devices)
	return d, disks, nil
}

// minMemory is below what any firmware boots with, in bytes.
const minMemory = 1 << 20

func bootOS(vmi *v1.VirtualMachineInstance) *libvirtxml.DomainOS {
	machine := "q35"
	if m := vmi.Spec.Domain.Machine; m != nil && m.Type != "" {
		machine = m.Type
	}
	os := &libvirtxml.DomainOS{
		Type:   &libvirtxml.DomainOSType{Arch: "x86_64", Machine: machine, Type: "hvm"},
		SMBios: &libvirtxml.DomainSMBios{Mode: "sysinfo"},
	}
	if f := vmi.Spec.Domain.Firmware; f != nil && f.Bootloader != nil && f.Bootloader.BIOS != nil {
		if serial := f.Bootloader.BIOS.UseSerial; serial != nil && *serial && vmi.SerialConsole() {
			os.BIOS = &libvirtxml.DomainBIOS{UseSerial: yes}
		}
	}
	return os
}

// sysInfo is what the guest sees in its SMBIOS tables; systemd and cloud-init know the
// manufacturer's name.
func sysInfo(vmi *v1.VirtualMachineInstance, uuid string) libvirtxml.DomainSysInfo {
	entries := []libvirtxml.DomainSysInfoEntry{
		{Name: "manufacturer", Value: "KubeVirt"},
		{Name: "product", Value: "None"},
		{Name: "family", Value: "KubeVirt"},
		{Name: "uuid", Value: uuid},
	}
	if f := vmi.Spec.Domain.Firmware; f != nil && f.Serial != "" {
		entries = append(entries, libvirtxml.DomainSysInfoEntry{Name: "serial", Value: f.Serial})
	}
	return libvirtxml.DomainSysInfo{SMBIOS: &libvirtxml.DomainSysInfoSMBIOS{
		System: &libvirtxml.DomainSysInfoSystem{Entry: entries},
	}}
}

func features(vmi *v1.VirtualMachineInstance) *libvirtxml.DomainFeatureList {
	list := &libvirtxml.DomainFeatureList{
		APIC:   &libvirtxml.DomainFeatureAPIC{},
		VMPort: &libvirtxml.DomainFeatureState{State: off},
	}
	f := vmi.Spec.Domain.Features
	if f == nil || f.ACPI.Enabled == nil || *f.ACPI.Enabled {
		list.ACPI = &libvirtxml.DomainFeature{}
	}
	return list
}

func clock() *libvirtxml.DomainClock {
	return &libvirtxml.DomainClock{Offset: "utc", Timer: []libvirtxml.DomainTimer{
		{Name: "rtc", TickPolicy: "catchup"},
		{Name: "pit", TickPolicy: "delay"},
		{Name: "hpet", Present: no},
	}}
}
