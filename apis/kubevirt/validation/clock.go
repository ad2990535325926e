// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"regexp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var (
	hpetPolicies = []v1.HPETTickPolicy{v1.HPETTickPolicyDelay, v1.HPETTickPolicyCatchup, v1.HPETTickPolicyMerge, v1.HPETTickPolicyDiscard}
	pitPolicies  = []v1.PITTickPolicy{v1.PITTickPolicyDelay, v1.PITTickPolicyCatchup, v1.PITTickPolicyDiscard}
	rtcPolicies  = []v1.RTCTickPolicy{v1.RTCTickPolicyDelay, v1.RTCTickPolicyCatchup}
	rtcTracks    = []v1.RTCTimerTrack{v1.TrackGuest, v1.TrackWall}

	zoneName = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`)
)

// maxClockOffset keeps a guest's clock within what its file systems and certificates can tell, in seconds: 100 years.
const maxClockOffset = int64(100 * 365 * 24 * time.Hour / time.Second)

// minSpinlocks is the least number of retries that Hyper-V guests take.
const minSpinlocks = 4096

func clock(c *v1.Clock, at *field.Path) field.ErrorList {
	if c == nil {
		return nil
	}
	var errs field.ErrorList
	if c.UTC != nil && c.Timezone != nil {
		errs = append(errs, field.Invalid(at, "[utc timezone]", "can have only one of utc and timezone"))
	}
	if c.UTC != nil && c.UTC.OffsetSeconds != nil && max(*c.UTC.OffsetSeconds, -*c.UTC.OffsetSeconds) > maxClockOffset {
		errs = append(errs, field.Invalid(at.Child("utc", "offsetSeconds"), *c.UTC.OffsetSeconds, "must be within 100 years"))
	}
	if c.Timezone != nil && !zoneName.MatchString(string(*c.Timezone)) {
		errs = append(errs, field.Invalid(at.Child("timezone"), *c.Timezone, "must be the name of a time zone such as Europe/Berlin"))
	}
	return append(errs, timer(c.Timer, at.Child("timer"))...)
}

func timer(t *v1.Timer, at *field.Path) field.ErrorList {
	if t == nil {
		return nil
	}
	var errs field.ErrorList
	if t.HPET != nil {
		errs = append(errs, known(t.HPET.TickPolicy, hpetPolicies, at.Child("hpet", "tickPolicy"))...)
	}
	if t.PIT != nil {
		errs = append(errs, known(t.PIT.TickPolicy, pitPolicies, at.Child("pit", "tickPolicy"))...)
	}
	if t.RTC != nil {
		errs = append(errs, known(t.RTC.TickPolicy, rtcPolicies, at.Child("rtc", "tickPolicy"))...)
		errs = append(errs, known(t.RTC.Track, rtcTracks, at.Child("rtc", "track"))...)
	}
	return errs
}

func features(f *v1.Features, at *field.Path) field.ErrorList {
	if f == nil || f.Hyperv == nil {
		return nil
	}
	var errs field.ErrorList
	if f.HypervPassthrough != nil && on(f.HypervPassthrough.Enabled, true) {
		errs = append(errs, field.Invalid(at, "[hyperv hypervPassthrough]", "can have only one of hyperv and hypervPassthrough"))
	}
	if s := f.Hyperv.Spinlocks; s != nil && s.Retries != nil && *s.Retries < minSpinlocks {
		errs = append(errs, field.Invalid(at.Child("hyperv", "spinlocks", "spinlocks"), *s.Retries, "must be at least 4096"))
	}
	if v := f.Hyperv.VendorID; v != nil && len(v.VendorID) > 12 {
		errs = append(errs, field.TooLong(at.Child("hyperv", "vendorid", "vendorid"), "", 12))
	}
	return errs
}

// known checks that a value that is set is one of the few that there are.
func known[T ~string](value T, values []T, at *field.Path) field.ErrorList {
	if value == "" || slices.Contains(values, value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(at, value, values)}
}
