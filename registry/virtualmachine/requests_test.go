// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestRunningStaysRunning(t *testing.T) {
	for _, c := range []struct {
		running bool
		verb    func(*v1.VirtualMachine, *v1.VirtualMachineInstance) (effect, error)
		state   string
		want    string
	}{
		{false, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) {
			return start(vm, vmi, false)
		}, "none", "spec.running=true"},
		{true, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) { return stop(vm, vmi, nil) }, "Running", "spec.running=false"},
		{true, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) {
			return start(vm, vmi, false)
		}, "none", noStart("Always")},
		{true, restart, "Running", stopStart},
		{false, restart, "Running", noRestart("Halted")},
	} {
		vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "demo"}, Spec: v1.VirtualMachineSpec{Running: &c.running}}
		if got := outcome(t, vm, instance(c.state), c.verb); got != c.want {
			t.Errorf("running %t: %s, want %s", c.running, got, c.want)
		}
		if vm.Spec.RunStrategy != nil {
			t.Errorf("running %t: a run strategy was added", c.running)
		}
	}
}

func TestARequestWaitsForTheOneBefore(t *testing.T) {
	uid := types.UID("old")
	pending := func() *v1.VirtualMachine {
		strategy := v1.RunStrategyManual
		vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "demo"}, Spec: v1.VirtualMachineSpec{RunStrategy: &strategy}}
		vm.Status.StateChangeRequests = []v1.VirtualMachineStateChangeRequest{{Action: v1.StopRequest, UID: &uid}}
		return vm
	}
	begin := func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) {
		return start(vm, vmi, false)
	}
	if got := outcome(t, pending(), nil, begin); got != underway {
		t.Errorf("start: %s, want %s", got, underway)
	}
	if got := outcome(t, pending(), instance("Running"), restart); got != underway {
		t.Errorf("restart: %s, want %s", got, underway)
	}
	// A stop goes through: it replaces what was asked before.
	end := func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) { return stop(vm, vmi, nil) }
	if got := outcome(t, pending(), instance("Running"), end); got != stop1 {
		t.Errorf("stop: %s, want %s", got, stop1)
	}
}

func TestVolumesThatNeedRepairStopAStartAndARestart(t *testing.T) {
	const want = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": VM recovery required: Volume migration failed, ` +
		`leaving some volumes pointing to non-consistent targets; manual intervention is needed to reassign them to their original volumes.`
	with := func(condition v1.VirtualMachineConditionType, status v1.ConditionStatus) *v1.VirtualMachine {
		strategy := v1.RunStrategyManual
		vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "demo"}, Spec: v1.VirtualMachineSpec{RunStrategy: &strategy}}
		vm.Status.Conditions = []v1.VirtualMachineCondition{{Type: condition, Status: status}}
		return vm
	}
	begin := func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) {
		return start(vm, vmi, false)
	}
	if got := outcome(t, with("ManualRecoveryRequired", "True"), nil, begin); got != want {
		t.Errorf("start: %s, want %s", got, want)
	}
	// That it runs is the answer that helps more.
	if got := outcome(t, with("ManualRecoveryRequired", "True"), instance("Running"), begin); got != already {
		t.Errorf("start of what runs: %s, want %s", got, already)
	}
	if got := outcome(t, with("ManualRecoveryRequired", "False"), nil, begin); got != start1 {
		t.Errorf("start after the repair: %s, want %s", got, start1)
	}
	if got := outcome(t, with("VolumesChange", "True"), instance("Running"), restart); got != want {
		t.Errorf("restart: %s, want %s", got, want)
	}
	if got := outcome(t, with("VolumesChange", "False"), instance("Running"), restart); got != stopStart {
		t.Errorf("restart after the change: %s, want %s", got, stopStart)
	}
}
