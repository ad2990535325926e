// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"strconv"

	"k8s.io/apimachinery/pkg/api/equality"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
)

// report fills in what users see.
func (s *step) report() {
	if s.effects.RemoveFinalizer {
		return // nobody will see it
	}
	if s.VM.DeletionTimestamp != nil {
		if age := s.Now.Sub(s.VM.DeletionTimestamp.Time); age < terminatingAfter {
			s.requeueAfter(terminatingAfter - age)
			s.status = s.VM.Status.DeepCopy()
			return
		}
	}
	s.status.Created = s.vmi != nil
	s.status.Ready = s.vmi != nil && s.vmi.IsRunning() && s.vmi.HasCondition(v1.VirtualMachineInstanceReady)
	differs := s.templateDiffers()
	s.status.DesiredGeneration = s.VM.Generation
	s.status.ObservedGeneration = s.VM.Generation
	if differs {
		s.status.ObservedGeneration = generationOf(s.vmi)
	}
	s.reportConditions(differs)
	s.status.PrintableStatus = s.printable()
}

// templateDiffers tells that the instance is not what would be made from the template now.
func (s *step) templateDiffers() bool {
	if s.vmi == nil || s.vmi.IsFinal() || s.VM.Spec.Template == nil || generationOf(s.vmi) == s.VM.Generation {
		return false
	}
	wanted := s.VM.Spec.Template.Spec.DeepCopy()
	v1.SetInstanceSpecDefaults(wanted)
	got := *s.vmi.Spec.DeepCopy()
	// The start and stop subresources set these for one instance.
	wanted.StartStrategy, got.StartStrategy = nil, nil
	wanted.TerminationGracePeriodSeconds, got.TerminationGracePeriodSeconds = nil, nil
	return !equality.Semantic.DeepEqual(*wanted, got)
}

// generationOf returns the generation of the virtual machine that the instance was made from; 0 when unknown.
func generationOf(vmi *v1.VirtualMachineInstance) int64 {
	n, err := strconv.ParseInt(vmi.Annotations[v1.VirtualMachineGenerationAnnotation], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// printable returns the first word that fits, in the order that the API documents.
func (s *step) printable() v1.VirtualMachinePrintableStatus {
	switch vmi := s.vmi; {
	case s.VM.DeletionTimestamp != nil:
		return v1.VirtualMachineStatusTerminating
	case vmi != nil && !vmi.IsFinal() && s.leaving():
		return v1.VirtualMachineStatusStopping
	case vmi != nil && vmi.HasCondition(v1.VirtualMachineInstancePaused) && vmi.IsRunning():
		return v1.VirtualMachineStatusPaused
	case vmi != nil && vmi.IsRunning():
		return v1.VirtualMachineStatusRunning
	case vmi != nil && !vmi.IsFinal():
		return s.printableStart()
	case s.crashLooping():
		return v1.VirtualMachineStatusCrashLoopBackOff
	default:
		return v1.VirtualMachineStatusStopped
	}
}

// printableStart returns the word for an instance that has not run yet: what holds it up, or Starting.
func (s *step) printableStart() v1.VirtualMachinePrintableStatus {
	if s.vmi.Status.Phase == v1.Unknown {
		return v1.VirtualMachineStatusUnknown
	}
	if c := s.vmi.Condition(v1.VirtualMachineInstancePodScheduled); c != nil && c.Status == v1.ConditionFalse {
		switch c.Reason {
		case reason.FailedPvcNotFound:
			return v1.VirtualMachineStatusPvcNotFound
		case reason.Unschedulable:
			return v1.VirtualMachineStatusUnschedulable
		}
	}
	if c := s.vmi.Condition(v1.VirtualMachineInstanceSynchronized); c != nil && c.Status == v1.ConditionFalse {
		switch c.Reason {
		case reason.ErrImagePull, reason.ErrImageNeverPull, reason.InvalidImageName, reason.RegistryUnavailable:
			return v1.VirtualMachineStatusErrImagePull
		case reason.ImagePullBackOff:
			return v1.VirtualMachineStatusImagePullBackOff
		}
	}
	return v1.VirtualMachineStatusStarting
}

// crashLooping tells that instances fail before they run, and that another one will be tried.
func (s *step) crashLooping() bool {
	return s.status.StartFailure != nil && s.status.StartFailure.ConsecutiveFailCount > 0 && s.effects.Create == nil
}
