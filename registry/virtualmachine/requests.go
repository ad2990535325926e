// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Fields that the verbs set.
var (
	runStrategyField  = fieldpath.MakePathOrDie("spec", "runStrategy")
	runningField      = fieldpath.MakePathOrDie("spec", "running")
	requestsField     = fieldpath.MakePathOrDie("status", "stateChangeRequests")
	startFailureField = fieldpath.MakePathOrDie("status", "startFailure")
)

// recoveryRequired is a text of the published API.
const recoveryRequired = "VM recovery required: Volume migration failed, leaving some volumes pointing to non-consistent targets; " +
	"manual intervention is needed to reassign them to their original volumes."

// request puts a start or stop into the queue of a virtual machine.
func request(vm *v1.VirtualMachine, requests ...v1.VirtualMachineStateChangeRequest) (effect, error) {
	if len(vm.Status.StateChangeRequests) > 0 {
		return none, conflict(vm.Name, "unable to complete request: stop/start already underway")
	}
	vm.Status.StateChangeRequests = requests
	done := changedStatus(requestsField)
	if vm.Status.StartFailure != nil {
		vm.Status.StartFailure = nil
		done.removed.Insert(startFailureField)
	}
	return done, nil
}

// setRunning turns a virtual machine on or off in the form that its spec uses.
func setRunning(vm *v1.VirtualMachine, strategy v1.VirtualMachineRunStrategy) (effect, error) {
	if vm.Spec.Running != nil {
		running := strategy != v1.RunStrategyHalted
		vm.Spec.Running = &running
		return changedSpec(runningField), nil
	}
	vm.Spec.RunStrategy = &strategy
	return changedSpec(runStrategyField), nil
}

// exists tells that an instance is there and has not ended.
func exists(vmi *v1.VirtualMachineInstance) bool { return vmi != nil && !vmi.IsFinal() }

func hasCondition(vm *v1.VirtualMachine, t v1.VirtualMachineConditionType) bool {
	c := vm.Condition(t)
	return c != nil && c.Status == v1.ConditionTrue
}
