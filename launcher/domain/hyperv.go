// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// spinRetries is how often a guest tries a lock before it asks the hypervisor, and the least that QEMU takes.
const spinRetries = 4096

// dependency is an enlightenment that QEMU gives only together with another one (QEMU's
// docs/system/i386/hyperv.rst).
type dependency struct {
	name  string
	needs string
}

var hypervDependencies = []dependency{
	{"evmcs", "vapic"},
	{"tlbflush.direct", "vapic"},
	{"synictimer", "synic"},
	{"synictimer", "vpindex"},
	{"synic", "vpindex"},
	{"tlbflush", "vpindex"},
	{"ipi", "vpindex"},
}

// hyperv returns what makes Windows run well: the interfaces of Microsoft's hypervisor. What one of
// them needs is switched on with it, unless the owner has switched it off.
func hyperv(f *v1.Features) (*libvirtxml.DomainFeatureHyperV, error) {
	if f.HypervPassthrough != nil && isTrue(f.HypervPassthrough.Enabled, true) {
		return &libvirtxml.DomainFeatureHyperV{Mode: "passthrough"}, nil
	}
	if f.Hyperv == nil {
		return nil, nil
	}
	h := f.Hyperv.DeepCopy()
	if err := addHypervDependencies(h); err != nil {
		return nil, err
	}
	result := &libvirtxml.DomainFeatureHyperV{
		Relaxed: optional(h.Relaxed), VAPIC: optional(h.VAPIC), VPIndex: optional(h.VPIndex), Runtime: optional(h.Runtime),
		Synic: optional(h.SyNIC), Reset: optional(h.ResetFeature), Frequencies: optional(h.Frequencies),
		ReEnlightenment: optional(h.Reenlightenment), IPI: optional(h.IPI), EVMCS: optional(h.EVMCS),
	}
	if s := h.Spinlocks; s != nil {
		result.Spinlocks = &libvirtxml.DomainFeatureHyperVSpinlocks{DomainFeatureState: *optional(&s.FeatureState)}
		if isTrue(s.Enabled, true) {
			result.Spinlocks.Retries = spinRetries
			if s.Retries != nil {
				result.Spinlocks.Retries = uint(*s.Retries)
			}
			if result.Spinlocks.Retries < spinRetries {
				return nil, fmt.Errorf("spec.domain.features.hyperv.spinlocks.spinlocks: %d is too few; use at least %d", *s.Retries, spinRetries)
			}
		}
	}
	if t := h.SyNICTimer; t != nil {
		result.STimer = &libvirtxml.DomainFeatureHyperVSTimer{DomainFeatureState: *optional(&t.FeatureState), Direct: optional(t.Direct)}
	}
	if t := h.TLBFlush; t != nil {
		result.TLBFlush = &libvirtxml.DomainFeatureHyperVTLBFlush{
			DomainFeatureState: *optional(&t.FeatureState), Direct: optional(t.Direct), Extended: optional(t.Extended)}
	}
	if v := h.VendorID; v != nil {
		result.VendorId = &libvirtxml.DomainFeatureHyperVVendorId{DomainFeatureState: *optional(&v.FeatureState), Value: v.VendorID}
	}
	return result, nil
}

// addHypervDependencies switches on what the enabled ones need.
func addHypervDependencies(h *v1.FeatureHyperv) error {
	enabled := map[string]bool{
		"evmcs": isOn(h.EVMCS), "synic": isOn(h.SyNIC), "ipi": isOn(h.IPI),
		"tlbflush":        h.TLBFlush != nil && isTrue(h.TLBFlush.Enabled, true),
		"tlbflush.direct": h.TLBFlush != nil && isTrue(h.TLBFlush.Enabled, true) && isOn(h.TLBFlush.Direct),
		"synictimer":      h.SyNICTimer != nil && isTrue(h.SyNICTimer.Enabled, true),
	}
	needed := map[string]**v1.FeatureState{"vapic": &h.VAPIC, "vpindex": &h.VPIndex, "synic": &h.SyNIC}
	for _, d := range hypervDependencies {
		if !enabled[d.name] {
			continue
		}
		switch field := needed[d.needs]; {
		case *field == nil:
			*field = &v1.FeatureState{}
		case !isTrue((*field).Enabled, true):
			return fmt.Errorf("spec.domain.features.hyperv.%s: is needed by %s; enable it, or disable %s", d.needs, d.name, d.name)
		}
	}
	return nil
}

// needsHypervClock tells that the guest's synthetic timers count by the hypervisor's reference clock.
func needsHypervClock(f *v1.Features) bool {
	return f != nil && f.Hyperv != nil && f.Hyperv.SyNICTimer != nil && isTrue(f.Hyperv.SyNICTimer.Enabled, true)
}

func isOn(state *v1.FeatureState) bool { return state != nil && isTrue(state.Enabled, true) }

func optional(state *v1.FeatureState) *libvirtxml.DomainFeatureState {
	if state == nil {
		return nil
	}
	return &libvirtxml.DomainFeatureState{State: onOff(state)}
}
