// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package vm keeps the instance of a VirtualMachine as its run strategy says. Next decides, without
// clock, randomness or I/O; Reconciler gathers the state and performs the effects.
package vm

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
)

// terminatingAfter is how long a deletion may take before the status says Terminating. Most
// deletions are done by then, and the write is saved. Deletion times are in whole seconds, so that
// the wait is one second shorter at times.
const terminatingAfter = 3 * time.Second

// State is all that the next step of a virtual machine depends on.
type State struct {
	// VM is the virtual machine.
	VM *v1.VirtualMachine
	// VMI is the instance of the virtual machine's name, whoever owns it; nil when there is none.
	VMI *v1.VirtualMachineInstance
	// Now is the time.
	Now time.Time
	// Jitter in [0,1) spreads the waits between failed starts.
	Jitter float64
	// Failure is why the last effect could not be performed; nil when it could.
	Failure *Failure
}

// Failure is why an effect could not be performed.
type Failure struct {
	// Reason is FailedCreate, FailedDelete or FailedUpdate.
	Reason string
	// Message is a sentence for people.
	Message string
}

// Effects are what shall be done, in this order: Create and SetRunStrategy before the status is
// written, the others after it.
type Effects struct {
	// Create asks for the instance.
	Create *Creation
	// SetRunStrategy asks to change the run strategy in the spec; empty when it stays.
	SetRunStrategy v1.VirtualMachineRunStrategy
	// Delete asks for the deletion of the instance with that UID; empty when none.
	Delete types.UID
	// LastNode asks to note the node on which the instance ends; empty when that is known.
	LastNode string
	// RemoveFinalizer lets the virtual machine go.
	RemoveFinalizer bool
	// RequeueAfter asks to be called again after that time; zero when only a change matters.
	RequeueAfter time.Duration
}

// Creation says how the instance shall start.
type Creation struct {
	// Paused starts the guest with its CPUs stopped.
	Paused bool
}

// step is one call of Next on its way.
type step struct {
	State
	// vmi is the instance if it belongs to the virtual machine.
	vmi *v1.VirtualMachineInstance
	// foreign is an instance of the same name that does not.
	foreign *v1.VirtualMachineInstance

	strategy v1.VirtualMachineRunStrategy
	status   *v1.VirtualMachineStatus
	effects  Effects
	// switched records the strategy as acted on, which must wait for the instance that it asks for.
	switched bool
}

// Next returns the status and what shall be done. It changes nothing that state points to.
func Next(state State) (v1.VirtualMachineStatus, Effects) {
	s := &step{
		State:    state,
		strategy: state.VM.EffectiveRunStrategy(),
		status:   state.VM.Status.DeepCopy(),
		switched: true,
	}
	if state.VMI != nil {
		if ownedBy(state.VMI, state.VM) {
			s.vmi = state.VMI
		} else {
			s.foreign = state.VMI
		}
	}
	if state.VM.DeletionTimestamp != nil {
		s.end()
	} else {
		s.takeRequests()
		s.countFailures()
		s.follow()
	}
	s.effects.LastNode = s.lastNode()
	s.report()
	return *s.status, s.effects
}

// end takes the instance down with its virtual machine.
func (s *step) end() {
	switch {
	case slices.Contains(s.VM.Finalizers, metav1.FinalizerOrphanDependents), s.vmi == nil:
		s.effects.RemoveFinalizer = slices.Contains(s.VM.Finalizers, v1.VirtualMachineFinalizer)
	default:
		s.delete()
	}
}

// follow does what the run strategy asks for.
func (s *step) follow() {
	if s.stopRequested() {
		s.delete()
		return
	}
	switch s.strategy {
	case v1.RunStrategyAlways:
		s.always()
	case v1.RunStrategyHalted:
		s.halted()
	case v1.RunStrategyManual:
		s.manual()
	case v1.RunStrategyRerunOnFailure:
		s.rerunOnFailure()
	case v1.RunStrategyOnce:
		s.once()
	}
	if s.switched {
		s.status.RunStrategy = s.strategy
	}
}

func (s *step) always() {
	switch {
	case s.vmi == nil:
		s.createAfterBackoff()
	case s.vmi.IsFinal():
		s.delete()
	}
}

func (s *step) halted() {
	switch start := s.startRequested(); {
	case start != nil && start.Data[v1.StartRequestDataPaused] == "true" && s.vmi == nil:
		s.effects.SetRunStrategy = v1.RunStrategyAlways
	case s.vmi != nil:
		s.delete()
	default:
		s.dropRequests(v1.StartRequest)
	}
}

func (s *step) manual() {
	switch start := s.startRequested(); {
	case start == nil:
	case s.vmi == nil:
		s.create()
	case s.vmi.IsFinal():
		s.delete()
	}
}

func (s *step) rerunOnFailure() {
	switch {
	case s.vmi == nil && s.startRequested() != nil:
		s.createAfterBackoff()
	case s.vmi == nil && s.VM.Status.RunStrategy != s.strategy:
		s.createAfterBackoff()
		s.switched = false
	case s.vmi == nil:
	case s.vmi.Status.Phase == v1.Failed:
		// The start is in the status before the instance is gone: the order survives a crash.
		if s.startRequested() == nil && s.vmi.DeletionTimestamp == nil {
			s.status.StateChangeRequests = append(s.status.StateChangeRequests,
				v1.VirtualMachineStateChangeRequest{Action: v1.StartRequest})
		}
		s.delete()
	case s.vmi.IsFinal():
		s.delete()
	}
}

func (s *step) once() {
	s.dropRequests(v1.StartRequest)
	if s.vmi == nil && s.VM.Status.RunStrategy != s.strategy {
		s.create()
		s.switched = false
	}
}

func (s *step) create() {
	if s.foreign != nil {
		s.Failure = &Failure{Reason: reason.FailedCreate, Message: "virtual machine instance " + s.foreign.Name +
			" exists and does not belong to this virtual machine"}
		return
	}
	s.effects.Create = &Creation{}
	if start := s.startRequested(); start != nil {
		s.effects.Create.Paused = start.Data[v1.StartRequestDataPaused] == "true"
	}
}

func (s *step) delete() {
	if s.vmi.DeletionTimestamp == nil {
		s.effects.Delete = s.vmi.UID
	}
}

// leaving tells that the instance is on its way out.
func (s *step) leaving() bool {
	return s.vmi != nil && (s.vmi.DeletionTimestamp != nil || s.effects.Delete != "")
}

func (s *step) requeueAfter(d time.Duration) {
	if s.effects.RequeueAfter == 0 || d < s.effects.RequeueAfter {
		s.effects.RequeueAfter = d
	}
}

func ownedBy(vmi *v1.VirtualMachineInstance, vm *v1.VirtualMachine) bool {
	for _, ref := range vmi.OwnerReferences {
		if ptr.Deref(ref.Controller, false) && ref.UID == vm.UID {
			return true
		}
	}
	return false
}
