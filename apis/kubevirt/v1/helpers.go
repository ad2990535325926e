// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// IsFinal tells that the instance has ended and never runs again.
func (vmi *VirtualMachineInstance) IsFinal() bool {
	return vmi.Status.Phase == Succeeded || vmi.Status.Phase == Failed
}

// IsRunning tells that QEMU runs the guest, be it paused.
func (vmi *VirtualMachineInstance) IsRunning() bool { return vmi.Status.Phase == Running }

// Condition returns the condition of type t, or nil.
func (vmi *VirtualMachineInstance) Condition(t VirtualMachineInstanceConditionType) *VirtualMachineInstanceCondition {
	for i := range vmi.Status.Conditions {
		if vmi.Status.Conditions[i].Type == t {
			return &vmi.Status.Conditions[i]
		}
	}
	return nil
}

// HasCondition tells that the condition of type t is True.
func (vmi *VirtualMachineInstance) HasCondition(t VirtualMachineInstanceConditionType) bool {
	c := vmi.Condition(t)
	return c != nil && c.Status == ConditionTrue
}

// SerialConsole tells that the guest has a serial console.
func (vmi *VirtualMachineInstance) SerialConsole() bool {
	auto := vmi.Spec.Domain.Devices.AutoattachSerialConsole
	return auto == nil || *auto
}

// EffectiveRunStrategy returns the run strategy, with running taken into account; Halted when neither is set.
func (vm *VirtualMachine) EffectiveRunStrategy() VirtualMachineRunStrategy {
	switch {
	case vm.Spec.RunStrategy != nil:
		return *vm.Spec.RunStrategy
	case vm.Spec.Running != nil && *vm.Spec.Running:
		return RunStrategyAlways
	}
	return RunStrategyHalted
}

// Condition returns the condition of type t, or nil.
func (vm *VirtualMachine) Condition(t VirtualMachineConditionType) *VirtualMachineCondition {
	for i := range vm.Status.Conditions {
		if vm.Status.Conditions[i].Type == t {
			return &vm.Status.Conditions[i]
		}
	}
	return nil
}
