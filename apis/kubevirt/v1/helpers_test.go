// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import "testing"

func TestEffectiveRunStrategy(t *testing.T) {
	for _, c := range []struct {
		name string
		spec VirtualMachineSpec
		want VirtualMachineRunStrategy
	}{
		{"neither", VirtualMachineSpec{}, RunStrategyHalted},
		{"running", VirtualMachineSpec{Running: ptr(true)}, RunStrategyAlways},
		{"not running", VirtualMachineSpec{Running: ptr(false)}, RunStrategyHalted},
		{"strategy", VirtualMachineSpec{RunStrategy: ptr(RunStrategyManual)}, RunStrategyManual},
	} {
		vm := &VirtualMachine{Spec: c.spec}
		if got := vm.EffectiveRunStrategy(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPhases(t *testing.T) {
	for phase, want := range map[VirtualMachineInstancePhase][2]bool{ // running, final
		Unset: {}, Pending: {}, Scheduling: {}, Scheduled: {}, Unknown: {},
		Running:   {true, false},
		Succeeded: {false, true},
		Failed:    {false, true},
	} {
		vmi := &VirtualMachineInstance{Status: VirtualMachineInstanceStatus{Phase: phase}}
		if got := [2]bool{vmi.IsRunning(), vmi.IsFinal()}; got != want {
			t.Errorf("%q: running and final are %v, want %v", phase, got, want)
		}
	}
}

func TestConditions(t *testing.T) {
	vmi := &VirtualMachineInstance{Status: VirtualMachineInstanceStatus{Conditions: []VirtualMachineInstanceCondition{
		{Type: VirtualMachineInstanceReady, Status: ConditionFalse, Reason: ReasonGuestNotRunning},
		{Type: VirtualMachineInstancePaused, Status: ConditionTrue},
	}}}
	if !vmi.HasCondition(VirtualMachineInstancePaused) || vmi.HasCondition(VirtualMachineInstanceReady) || vmi.HasCondition(VirtualMachineInstanceAgentConnected) {
		t.Error("HasCondition is not true for the conditions with status True alone")
	}
	if c := vmi.Condition(VirtualMachineInstanceReady); c == nil || c.Reason != ReasonGuestNotRunning {
		t.Errorf("Condition(Ready) = %v", c)
	}
	vm := &VirtualMachine{Status: VirtualMachineStatus{Conditions: []VirtualMachineCondition{{Type: VirtualMachineReady, Status: ConditionTrue}}}}
	if vm.Condition(VirtualMachineReady) == nil || vm.Condition(VirtualMachineFailure) != nil {
		t.Error("Condition of a VirtualMachine finds another one than asked for")
	}
}

func TestSerialConsoleIsOnUnlessSwitchedOff(t *testing.T) {
	for _, c := range []struct {
		auto *bool
		want bool
	}{{nil, true}, {ptr(true), true}, {ptr(false), false}} {
		vmi := &VirtualMachineInstance{}
		vmi.Spec.Domain.Devices.AutoattachSerialConsole = c.auto
		if got := vmi.SerialConsole(); got != c.want {
			t.Errorf("autoattachSerialConsole %v: %t, want %t", c.auto, got, c.want)
		}
	}
}
