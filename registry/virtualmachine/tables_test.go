// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// The columns of the tables below: what there is of an instance. "none" stands for no instance.
var states = []string{"none", "", "Unknown", "Pending", "Scheduling", "Scheduled", "Running", "Succeeded", "Failed"}

// The cells of the tables: what a verb does to the virtual machine.
const (
	toAlways  = "spec.runStrategy=Always"
	toHalted  = "spec.runStrategy=Halted"
	start1    = "requests [Start]"
	paused    = "requests [Start paused=true]"
	stop1     = "requests [Stop vmi-uid]"
	stopStart = "requests [Stop vmi-uid, Start]"
	stopPause = "requests [Stop vmi-uid, Start paused=true]"
	unchanged = "nothing"

	already   = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": VM is already running`
	failed    = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": RerunOnFailure does not support starting VM from failed state`
	notUp     = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": VM is not running`
	notHalted = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": VM is not running: Halted`
	shorter   = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": Halted only supports manual stop requests with a shorter graceperiod`
	underway  = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": unable to complete request: stop/start already underway`
)

func noStart(strategy string) string {
	return `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": ` + strategy + ` does not support manual start requests`
}

func noRestart(strategy string) string {
	return `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": RunStategy ` + strategy + ` does not support manual restart requests`
}

// row gives one cell for each state: the named ones, and rest for all others.
func row(rest string, named map[string]string) []string {
	cells := make([]string, len(states))
	for i, state := range states {
		cells[i] = rest
		if cell, ok := named[state]; ok {
			cells[i] = cell
		}
	}
	return cells
}

// alive adds the cell of an instance that is starting or running to others.
func alive(cell string, others map[string]string) map[string]string {
	for _, state := range []string{"Pending", "Scheduling", "Scheduled", "Running"} {
		others[state] = cell
	}
	return others
}

// check runs a verb over a row of its table.
func check(t *testing.T, strategy v1.VirtualMachineRunStrategy, verb func(*v1.VirtualMachine, *v1.VirtualMachineInstance) (effect, error), want []string) {
	t.Helper()
	for i, state := range states {
		vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "demo"}, Spec: v1.VirtualMachineSpec{RunStrategy: &strategy}}
		vm.Status.StartFailure = &v1.VirtualMachineStartFailure{ConsecutiveFailCount: 3}
		if got := outcome(t, vm, instance(state), verb); got != want[i] {
			t.Errorf("%s with instance %q: %s, want %s", strategy, state, got, want[i])
		}
	}
}

func instance(state string) *v1.VirtualMachineInstance {
	if state == "none" {
		return nil
	}
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: "demo", UID: "vmi-uid"}}
	vmi.Status.Phase = v1.VirtualMachineInstancePhase(state)
	grace := int64(30)
	vmi.Spec.TerminationGracePeriodSeconds = &grace
	return vmi
}

// outcome runs a verb and says what it did, and checks that it did nothing else.
func outcome(t *testing.T, vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, verb func(*v1.VirtualMachine, *v1.VirtualMachineInstance) (effect, error)) string {
	t.Helper()
	before := vm.DeepCopy()
	touched, err := verb(vm, vmi)
	switch {
	case err != nil:
		if touched.part != nothing || !apierrors.IsConflict(err) {
			t.Errorf("a refusal touched %s with %v, want nothing with a conflict", touched.part, err)
		}
		return err.Error()
	case touched.part == theSpec:
		if !cmp.Equal(vm.Status, before.Status) {
			t.Error("a change of the spec changed the status")
		}
		if vm.Spec.Running != nil {
			return fmt.Sprintf("spec.running=%t", *vm.Spec.Running)
		}
		return "spec.runStrategy=" + string(*vm.Spec.RunStrategy)
	case touched.part == theStatus:
		if !cmp.Equal(vm.Spec, before.Spec) {
			t.Error("a request changed the spec")
		}
		if vm.Status.StartFailure != nil {
			t.Error("a request left the start failure, whose back-off would delay it")
		}
		return "requests " + requests(vm)
	}
	return string(touched.part)
}

func requests(vm *v1.VirtualMachine) string {
	var words []string
	for _, r := range vm.Status.StateChangeRequests {
		word := string(r.Action)
		if r.UID != nil {
			word += " " + string(*r.UID)
		}
		for key, value := range r.Data {
			word += " " + key + "=" + value
		}
		words = append(words, word)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

func TestStart(t *testing.T) {
	do := func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) {
		return start(vm, vmi, false)
	}
	check(t, v1.RunStrategyHalted, do, row(toAlways, alive(already, map[string]string{})))
	check(t, v1.RunStrategyManual, do, row(start1, alive(already, map[string]string{"Succeeded": stopStart, "Failed": stopStart})))
	check(t, v1.RunStrategyRerunOnFailure, do, row(start1, alive(already, map[string]string{"Succeeded": stopStart, "Failed": failed})))
	check(t, v1.RunStrategyAlways, do, row(noStart("Always"), alive(already, map[string]string{})))
	check(t, v1.RunStrategyOnce, do, row(noStart("Once"), alive(already, map[string]string{})))
	check(t, v1.RunStrategyWaitAsReceiver, do, row(unchanged, alive(already, map[string]string{})))
}

func TestStartPaused(t *testing.T) {
	do := func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) {
		return start(vm, vmi, true)
	}
	check(t, v1.RunStrategyHalted, do, row(paused, alive(already, map[string]string{})))
	check(t, v1.RunStrategyManual, do, row(paused, alive(already, map[string]string{"Succeeded": stopPause, "Failed": stopPause})))
	check(t, v1.RunStrategyRerunOnFailure, do, row(paused, alive(already, map[string]string{"Succeeded": stopPause, "Failed": failed})))
	check(t, v1.RunStrategyAlways, do, row(noStart("Always"), alive(already, map[string]string{})))
	check(t, v1.RunStrategyOnce, do, row(noStart("Once"), alive(already, map[string]string{})))
}

func TestStop(t *testing.T) {
	do := func(grace *int64) func(*v1.VirtualMachine, *v1.VirtualMachineInstance) (effect, error) {
		return func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) {
			return stop(vm, vmi, grace)
		}
	}
	absent := map[string]string{"none": notUp, "Succeeded": notUp, "Failed": notUp}
	shortened, same := int64(29), int64(30)
	check(t, v1.RunStrategyHalted, do(nil), row(shorter, absent))
	check(t, v1.RunStrategyHalted, do(&same), row(shorter, absent))
	check(t, v1.RunStrategyHalted, do(&shortened), row(unchanged, absent))
	for _, grace := range []*int64{nil, &shortened} {
		check(t, v1.RunStrategyManual, do(grace), row(stop1, absent))
		check(t, v1.RunStrategyRerunOnFailure, do(grace), row(stop1, absent))
		check(t, v1.RunStrategyAlways, do(grace), row(toHalted, nil))
		check(t, v1.RunStrategyOnce, do(grace), row(toHalted, nil))
		check(t, v1.RunStrategyWaitAsReceiver, do(grace), row(unchanged, nil))
	}
}

func TestRestart(t *testing.T) {
	absent := map[string]string{"none": notHalted}
	check(t, v1.RunStrategyHalted, restart, row(noRestart("Halted"), nil))
	check(t, v1.RunStrategyOnce, restart, row(noRestart("Once"), nil))
	for _, strategy := range []v1.VirtualMachineRunStrategy{v1.RunStrategyManual, v1.RunStrategyRerunOnFailure, v1.RunStrategyAlways, v1.RunStrategyWaitAsReceiver} {
		check(t, strategy, restart, row(stopStart, absent))
	}
}

func TestEveryStateIsInTheTables(t *testing.T) {
	for _, phase := range []v1.VirtualMachineInstancePhase{
		v1.Unset, v1.Unknown, v1.Pending, v1.Scheduling, v1.Scheduled, v1.Running, v1.Succeeded, v1.Failed,
	} {
		if !slices.Contains(states, string(phase)) {
			t.Errorf("phase %q is missing", phase)
		}
	}
}
