// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// Clock is the guest's clock when it starts, and the timers that it sees.
type Clock struct {
	// ClockOffset is what the guest's clock is set to when it starts; one of its fields may be set. Defaults to UTC.
	ClockOffset `json:",inline" protobuf:"bytes,1,opt,name=clockOffset"`
	// Timer tells which timers the guest has and how they make up for ticks that it missed.
	// +optional
	Timer *Timer `json:"timer,omitempty" protobuf:"bytes,2,opt,name=timer"`
}

// ClockOffset is what a guest's clock is set to when it starts; at most one field is set.
type ClockOffset struct {
	// UTC sets the clock to universal time, plus an offset.
	// +optional
	UTC *ClockOffsetUTC `json:"utc,omitempty" protobuf:"bytes,1,opt,name=utc"`
	// Timezone sets the clock to the local time of a zone of the IANA database, such as Europe/Berlin.
	// +optional
	Timezone *ClockOffsetTimezone `json:"timezone,omitempty" protobuf:"bytes,2,opt,name=timezone,casttype=ClockOffsetTimezone"`
}

// ClockOffsetUTC sets a guest's clock to universal time, plus an offset.
type ClockOffsetUTC struct {
	// OffsetSeconds is added to universal time, in seconds; it may be negative. A guest whose clock has an offset
	// keeps what it changed about it over reboots. Defaults to 0.
	// +optional
	OffsetSeconds *int64 `json:"offsetSeconds,omitempty" protobuf:"varint,1,opt,name=offsetSeconds"`
}

// ClockOffsetTimezone is the name of a time zone of the IANA database.
type ClockOffsetTimezone string

// Timer tells which timers a guest has; a timer that is left out stays as the machine type has it.
type Timer struct {
	// HPET is the high precision event timer. Linux and current Windows guests run better without it.
	// +optional
	HPET *HPETTimer `json:"hpet,omitempty" protobuf:"bytes,1,opt,name=hpet"`
	// KVM is the paravirtual clock that Linux guests use under KVM.
	// +optional
	KVM *KVMTimer `json:"kvm,omitempty" protobuf:"bytes,2,opt,name=kvm"`
	// PIT is the programmable interval timer of the first PCs.
	// +optional
	PIT *PITTimer `json:"pit,omitempty" protobuf:"bytes,3,opt,name=pit"`
	// RTC is the battery-backed clock, which Windows guests take their ticks from.
	// +optional
	RTC *RTCTimer `json:"rtc,omitempty" protobuf:"bytes,4,opt,name=rtc"`
	// Hyperv is the paravirtual reference clock of Windows guests.
	// +optional
	Hyperv *HypervTimer `json:"hyperv,omitempty" protobuf:"bytes,5,opt,name=hyperv"`
}

// HPETTimer is a high precision event timer.
type HPETTimer struct {
	// TickPolicy tells how missed ticks are made up for: delay, catchup, merge or discard. Defaults to what QEMU does.
	// +optional
	TickPolicy HPETTickPolicy `json:"tickPolicy,omitempty" protobuf:"bytes,1,opt,name=tickPolicy,casttype=HPETTickPolicy"`
	// Enabled tells whether the guest has this timer. Defaults to true.
	// +optional
	Enabled *bool `json:"present,omitempty" protobuf:"varint,2,opt,name=present"`
}

// HPETTickPolicy tells how a high precision event timer makes up for ticks that the guest missed.
type HPETTickPolicy string

const (
	// HPETTickPolicyDelay goes on at the normal rate; the guest's time falls behind.
	HPETTickPolicyDelay HPETTickPolicy = "delay"
	// HPETTickPolicyCatchup ticks faster until the guest has caught up.
	HPETTickPolicyCatchup HPETTickPolicy = "catchup"
	// HPETTickPolicyMerge makes one tick of all that were missed.
	HPETTickPolicyMerge HPETTickPolicy = "merge"
	// HPETTickPolicyDiscard drops what was missed.
	HPETTickPolicyDiscard HPETTickPolicy = "discard"
)

// PITTimer is a programmable interval timer.
type PITTimer struct {
	// TickPolicy tells how missed ticks are made up for: delay, catchup or discard. Defaults to what QEMU does.
	// +optional
	TickPolicy PITTickPolicy `json:"tickPolicy,omitempty" protobuf:"bytes,1,opt,name=tickPolicy,casttype=PITTickPolicy"`
	// Enabled tells whether the guest has this timer. Defaults to true.
	// +optional
	Enabled *bool `json:"present,omitempty" protobuf:"varint,2,opt,name=present"`
}

// PITTickPolicy tells how a programmable interval timer makes up for ticks that the guest missed.
type PITTickPolicy string

const (
	// PITTickPolicyDelay goes on at the normal rate; the guest's time falls behind.
	PITTickPolicyDelay PITTickPolicy = "delay"
	// PITTickPolicyCatchup ticks faster until the guest has caught up.
	PITTickPolicyCatchup PITTickPolicy = "catchup"
	// PITTickPolicyDiscard drops what was missed.
	PITTickPolicyDiscard PITTickPolicy = "discard"
)

// RTCTimer is a battery-backed clock.
type RTCTimer struct {
	// TickPolicy tells how missed ticks are made up for: delay or catchup. Defaults to what QEMU does.
	// +optional
	TickPolicy RTCTickPolicy `json:"tickPolicy,omitempty" protobuf:"bytes,1,opt,name=tickPolicy,casttype=RTCTickPolicy"`
	// Enabled tells whether the guest has this timer. Defaults to true.
	// +optional
	Enabled *bool `json:"present,omitempty" protobuf:"varint,2,opt,name=present"`
	// Track is guest, where the clock runs with the guest, or wall, where it follows the node's clock.
	// +optional
	Track RTCTimerTrack `json:"track,omitempty" protobuf:"bytes,3,opt,name=track,casttype=RTCTimerTrack"`
}

// RTCTickPolicy tells how a battery-backed clock makes up for ticks that the guest missed.
type RTCTickPolicy string

const (
	// RTCTickPolicyDelay goes on at the normal rate; the guest's time falls behind.
	RTCTickPolicyDelay RTCTickPolicy = "delay"
	// RTCTickPolicyCatchup ticks faster until the guest has caught up.
	RTCTickPolicyCatchup RTCTickPolicy = "catchup"
)

// RTCTimerTrack is what a battery-backed clock follows.
type RTCTimerTrack string

const (
	// TrackGuest follows the time that the guest ran.
	TrackGuest RTCTimerTrack = "guest"
	// TrackWall follows the node's clock.
	TrackWall RTCTimerTrack = "wall"
)

// KVMTimer is the paravirtual clock of KVM.
type KVMTimer struct {
	// Enabled tells whether the guest has this timer. Defaults to true.
	// +optional
	Enabled *bool `json:"present,omitempty" protobuf:"varint,1,opt,name=present"`
}

// HypervTimer is the paravirtual reference clock of Windows guests.
type HypervTimer struct {
	// Enabled tells whether the guest has this timer. Defaults to true.
	// +optional
	Enabled *bool `json:"present,omitempty" protobuf:"varint,1,opt,name=present"`
}
