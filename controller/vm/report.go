// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
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
	restart := s.restartRequired()
	s.status.DesiredGeneration = s.VM.Generation
	s.status.ObservedGeneration = s.VM.Generation
	if restart {
		s.status.ObservedGeneration = generationOf(s.vmi)
	}
	s.status.VolumeSnapshotStatuses = snapshotStatuses(s.VM)
	s.reportConditions(restart)
	s.status.PrintableStatus = s.printable()
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
