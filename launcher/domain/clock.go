// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"
	"strconv"
	"time"
	// The image has no time zones of its own.
	_ "time/tzdata"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// The timers that a guest has unless its owner says otherwise: missed ticks of the RTC are made up
// for, and the HPET, which costs an emulated guest much, is not there.
var (
	defaultRTC  = libvirtxml.DomainTimer{Name: "rtc", TickPolicy: "catchup"}
	defaultPIT  = libvirtxml.DomainTimer{Name: "pit", TickPolicy: "delay"}
	defaultHPET = libvirtxml.DomainTimer{Name: "hpet", Present: no}
)

// clock returns the guest's hardware clock and its timers. The offset of a time zone is the one at
// the start, as on a machine whose clock somebody has set to local time.
func clock(in Input) (*libvirtxml.DomainClock, error) {
	result := &libvirtxml.DomainClock{Offset: "utc"}
	spec := in.VMI.Spec.Domain.Clock
	if spec == nil {
		spec = &v1.Clock{}
	}
	offset, err := clockOffset(spec, in.Now)
	if err != nil {
		return nil, err
	}
	if offset != 0 {
		result.Offset, result.Basis, result.Adjustment = "variable", "utc", strconv.FormatInt(offset, 10)
	}
	timer := spec.Timer
	if timer == nil {
		timer = &v1.Timer{}
	}
	rtc, pit, hpet := defaultRTC, defaultPIT, defaultHPET
	if t := timer.RTC; t != nil {
		rtc = newTimer("rtc", string(t.TickPolicy), t.Enabled)
		rtc.Track = string(t.Track)
	}
	if t := timer.PIT; t != nil {
		pit = newTimer("pit", string(t.TickPolicy), t.Enabled)
	}
	if t := timer.HPET; t != nil {
		hpet = newTimer("hpet", string(t.TickPolicy), t.Enabled)
	}
	result.Timer = append(result.Timer, rtc, pit, hpet)
	if !in.KVM {
		return result, nil // the others are KVM's own
	}
	if t := timer.KVM; t != nil {
		result.Timer = append(result.Timer, newTimer("kvmclock", "", t.Enabled))
	}
	if t := timer.Hyperv; t != nil {
		result.Timer = append(result.Timer, newTimer("hypervclock", "", t.Enabled))
	} else if needsHypervClock(in.VMI.Spec.Domain.Features) {
		result.Timer = append(result.Timer, newTimer("hypervclock", "", nil))
	}
	return result, nil
}

// clockOffset returns by how many seconds the guest's clock is ahead of UTC.
func clockOffset(spec *v1.Clock, now time.Time) (int64, error) {
	switch {
	case spec.UTC != nil && spec.Timezone != nil:
		return 0, fmt.Errorf("spec.domain.clock: utc and timezone exclude each other; set one")
	case spec.UTC != nil && spec.UTC.OffsetSeconds != nil:
		return int64(*spec.UTC.OffsetSeconds), nil
	case spec.Timezone != nil:
		zone, err := time.LoadLocation(string(*spec.Timezone))
		if err != nil || *spec.Timezone == "Local" {
			return 0, fmt.Errorf("spec.domain.clock.timezone: %q is not known; use a name such as Europe/Vienna", *spec.Timezone)
		}
		_, offset := now.In(zone).Zone()
		return int64(offset), nil
	}
	return 0, nil
}

func newTimer(name, tickPolicy string, present *bool) libvirtxml.DomainTimer {
	t := libvirtxml.DomainTimer{Name: name, TickPolicy: tickPolicy, Present: yes}
	if !isTrue(present, true) {
		t.Present = no
	}
	return t
}
