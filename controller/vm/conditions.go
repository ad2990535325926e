// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
)

const (
	reasonVMINotExists        = "VMINotExists"
	reasonVMIConditionMissing = "VMIConditionMissing"
)

// own are the conditions that the virtual machine has by itself; all others are the instance's.
var own = []v1.VirtualMachineConditionType{v1.VirtualMachineReady, v1.VirtualMachineFailure, v1.VirtualMachineRestartRequired}

// reportConditions sets the conditions: the virtual machine's own and copies of the instance's.
func (s *step) reportConditions(restartRequired bool) {
	wanted := []v1.VirtualMachineCondition{s.readyCondition()}
	if f := s.failure(); f != nil {
		wanted = append(wanted, v1.VirtualMachineCondition{Type: v1.VirtualMachineFailure,
			Status: v1.ConditionTrue, Reason: f.Reason, Message: f.Message})
	}
	if restartRequired {
		wanted = append(wanted, v1.VirtualMachineCondition{Type: v1.VirtualMachineRestartRequired,
			Status: v1.ConditionTrue, Reason: "TemplateChanged",
			Message: "spec.template has changed since the instance was started; restart the virtual machine to apply it"})
	}
	if s.vmi != nil {
		for _, c := range s.vmi.Status.Conditions {
			if t := v1.VirtualMachineConditionType(c.Type); !slices.Contains(own, t) {
				wanted = append(wanted, v1.VirtualMachineCondition{Type: t, Status: c.Status, Reason: c.Reason,
					Message: c.Message, LastProbeTime: c.LastProbeTime, LastTransitionTime: c.LastTransitionTime})
			}
		}
	}
	for i := range wanted {
		s.keepTimes(&wanted[i])
	}
	s.status.Conditions = wanted
}

// failure returns why an effect failed: just now, or before when the effect is still to be performed.
func (s *step) failure() *Failure {
	if s.Failure != nil {
		return s.Failure
	}
	before := s.VM.Condition(v1.VirtualMachineFailure)
	if before == nil || before.Status != v1.ConditionTrue {
		return nil
	}
	open := map[string]bool{
		reason.FailedCreate: s.effects.Create != nil,
		reason.FailedDelete: s.effects.Delete != "",
		reason.FailedUpdate: s.effects.SetRunStrategy != "",
	}
	if !open[before.Reason] {
		return nil
	}
	return &Failure{Reason: before.Reason, Message: before.Message}
}

// readyCondition mirrors the instance's condition Ready.
func (s *step) readyCondition() v1.VirtualMachineCondition {
	ready := v1.VirtualMachineCondition{Type: v1.VirtualMachineReady, Status: v1.ConditionFalse}
	if s.vmi == nil {
		ready.Reason, ready.Message = reasonVMINotExists, "there is no virtual machine instance"
		return ready
	}
	c := s.vmi.Condition(v1.VirtualMachineInstanceReady)
	switch {
	case c != nil:
		ready.Status, ready.Reason, ready.Message, ready.LastTransitionTime = c.Status, c.Reason, c.Message, c.LastTransitionTime
	case s.vmi.IsRunning():
		ready.Reason, ready.Message = reasonVMIConditionMissing, "the virtual machine instance has no condition Ready"
	default:
		// What the instance will say itself once it is scheduled; saying it now saves a write then.
		ready.Reason, ready.Message = v1.ReasonGuestNotRunning, reason.GuestNotRunning
	}
	return ready
}

// keepTimes keeps the times of a condition that says what it said before, so that nothing is written for them.
func (s *step) keepTimes(c *v1.VirtualMachineCondition) {
	before := s.VM.Condition(c.Type)
	switch {
	case before != nil && before.Status == c.Status && before.Reason == c.Reason && before.Message == c.Message:
		c.LastProbeTime, c.LastTransitionTime = before.LastProbeTime, before.LastTransitionTime
	case before != nil && before.Status == c.Status:
		c.LastTransitionTime = before.LastTransitionTime
	case c.LastTransitionTime.IsZero():
		c.LastTransitionTime = metav1.Time{Time: s.Now}
	}
}
