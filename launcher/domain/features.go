// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// features returns the switches of the machine. Those that KVM offers to its guests are left out of
// an emulated machine: it has nothing to offer or to hide there.
func features(in Input) (*libvirtxml.DomainFeatureList, error) {
	list := &libvirtxml.DomainFeatureList{
		APIC:   &libvirtxml.DomainFeatureAPIC{},
		VMPort: &libvirtxml.DomainFeatureState{State: off},
	}
	f := in.VMI.Spec.Domain.Features
	if f == nil {
		f = &v1.Features{}
	}
	if isTrue(f.ACPI.Enabled, true) {
		list.ACPI = &libvirtxml.DomainFeature{}
	}
	if f.SMM != nil {
		list.SMM = &libvirtxml.DomainFeatureSMM{State: onOff(f.SMM)}
	}
	if f.APIC != nil && !isTrue(f.APIC.Enabled, true) {
		list.APIC = nil
	}
	if !in.KVM {
		return list, nil
	}
	if f.APIC != nil && f.APIC.EndOfInterrupt && list.APIC != nil {
		list.APIC.EOI = on
	}
	if f.KVM != nil && f.KVM.Hidden {
		list.KVM = &libvirtxml.DomainFeatureKVM{Hidden: &libvirtxml.DomainFeatureState{State: on}}
	}
	if f.Pvspinlock != nil {
		list.PVSpinlock = &libvirtxml.DomainFeatureState{State: onOff(f.Pvspinlock)}
	}
	var err error
	list.HyperV, err = hyperv(f)
	return list, err
}

func onOff(state *v1.FeatureState) string {
	if state != nil && isTrue(state.Enabled, true) {
		return on
	}
	return off
}
