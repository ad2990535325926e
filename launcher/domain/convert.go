// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package domain converts an instance into the libvirt domain that runs it. The conversion is a
// pure function: what depends on the machine or was prepared before comes in as its input.
package domain

import (
	"fmt"
	"time"

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
	// AgentSocket is where QEMU connects the channel of the guest agent to; without one nobody speaks with it.
	AgentSocket string
	// VNCSocket is where QEMU listens for VNC.
	VNCSocket string
	// Kernel is what the guest boots instead of a disk, if its owner asks for that.
	Kernel disk.Kernel
	// Private is a directory of the instance for what its machine keeps, such as firmware variables.
	Private string
	// Now is the time at the start.
	Now time.Time
}

// Output is the domain and what the plugin wants to know of it.
type Output struct {
	XML string
	// Disks maps volume names to device names, such as vda.
	Disks map[string]string
	// Sizes maps volume names to sizes in bytes, as far as they are known.
	Sizes map[string]int64
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
	sizes := map[string]int64{}
	for name := range disks {
		if size := in.Volumes[name].Size; size > 0 {
			sizes[name] = size
		}
	}
	return Output{XML: xml, Disks: disks, Sizes: sizes}, nil
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
		OnPoweroff: "destroy",
		OnReboot:   "restart",
		OnCrash:    "destroy",
		PM: &libvirtxml.DomainPM{
			SuspendToMem:  &libvirtxml.DomainPMPolicy{Enabled: no},
			SuspendToDisk: &libvirtxml.DomainPMPolicy{Enabled: no},
		},
		Devices: &libvirtxml.DomainDeviceList{Emulator: emulator},
	}
	if policy := vmi.Spec.Domain.RebootPolicy; policy != nil && *policy == v1.RebootPolicyTerminate {
		d.OnReboot = "destroy"
	}
	if err := setPlatform(d, in); err != nil {
		return nil, nil, err
	}
	disks, threads, err := addDisks(d.Devices, in)
	if err != nil {
		return nil, nil, err
	}
	d.IOThreads = threads.total
	if err := addInterfaces(d.Devices, in); err != nil {
		return nil, nil, err
	}
	if err := addDevices(d.Devices, in); err != nil {
		return nil, nil, err
	}
	addControllers(d.Devices, vmi)
	separateAliases(d.Devices)
	placeDevices(d.Devices)
	return d, disks, nil
}

// setPlatform sets what the machine is apart from its devices.
func setPlatform(d *libvirtxml.Domain, in Input) (err error) {
	if d.OS, err = bootOS(in); err != nil {
		return err
	}
	if d.Features, err = features(in); err != nil {
		return err
	}
	if d.Clock, err = clock(in); err != nil {
		return err
	}
	setCPU(d, in.VMI.Spec.Domain.CPU, in.KVM)
	if !in.KVM {
		emulate(d, &in.VMI.Spec.Domain)
	}
	return nil
}

// minMemory is below what any firmware boots with, in bytes.
const minMemory = 1 << 20
