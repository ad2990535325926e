// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"strconv"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// groups serve the verbs: the native one, and the one that clients of the published API ask.
var groups = []string{"kubevirt.io", "subresources.kubevirt.io"}

// put calls a verb of an object.
func put(t *testing.T, group, namespace, resource, name, verb, body string) answer {
	t.Helper()
	return call(t, cluster.direct, http.MethodPut, pathOf(group, namespace, resource, name)+"/"+verb, body, nil)
}

// expectRefusal checks a Status answer by code and message.
func expectRefusal(t *testing.T, what string, a answer, code int, message string) {
	t.Helper()
	if a.code != code {
		t.Errorf("%s: %d %s, want %d %s", what, a.code, a.body, code, message)
		return
	}
	if got := a.status(t).Message; got != message {
		t.Errorf("%s: %s\nwant %s", what, got, message)
	}
}

func expectDone(t *testing.T, what string, a answer, code int) {
	t.Helper()
	if a.code != code || a.body != "" {
		t.Errorf("%s: %d %q, want %d without a body", what, a.code, a.body, code)
	}
}

// codeOf reads the code of an answer.
func codeOf(t *testing.T, code string) int {
	t.Helper()
	return must(strconv.Atoi(code))(t)
}

const (
	vmConflict  = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": `
	vmiConflict = `Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "demo": `
)

func TestStartAndStopOfAHaltedMachine(t *testing.T) {
	for _, group := range groups {
		ns := newNamespace(t)
		do := func(verb, body string) answer { return put(t, group, ns, "virtualmachines", "demo", verb, body) }
		strategy := func(want v1.VirtualMachineRunStrategy, generation int64) {
			t.Helper()
			if vm := getVM(t, ns, "demo"); *vm.Spec.RunStrategy != want || vm.Generation != generation || len(vm.Status.StateChangeRequests) != 0 {
				t.Errorf("%s: run strategy %s, generation %d, requests %v, want %s and %d", group, *vm.Spec.RunStrategy, vm.Generation, vm.Status.StateChangeRequests, want, generation)
			}
		}
		for _, verb := range []string{"start", "stop", "restart"} {
			expectRefusal(t, verb+" of nothing", do(verb, ""), 404, `virtualmachine.kubevirt.io "demo" not found`)
		}
		create(t, ns, newVM("demo"))
		expectRefusal(t, "stop while halted", do("stop", ""), 409, vmConflict+"VM is not running")
		expectRefusal(t, "restart while halted", do("restart", ""), 409, vmConflict+"RunStategy Halted does not support manual restart requests")
		expectDone(t, "start", do("start", ""), 202)
		strategy(v1.RunStrategyAlways, 2)
		expectRefusal(t, "second start", do("start", ""), 409, vmConflict+"Always does not support manual start requests")
		setPhase(t, createVMI(t, ns, newVMI("demo")), v1.Running)
		expectRefusal(t, "start while running", do("start", "{}"), 409, vmConflict+"VM is already running")
		expectDone(t, "stop", do("stop", `{"gracePeriod":5}`), 202)
		strategy(v1.RunStrategyHalted, 3)
		if vmi := getVMI(t, ns, "demo"); *vmi.Spec.TerminationGracePeriodSeconds != 5 || vmi.Generation != 2 {
			t.Errorf("grace period %d, generation %d after a stop with 5 s", *vmi.Spec.TerminationGracePeriodSeconds, vmi.Generation)
		}
		expectRefusal(t, "stop again, not faster", do("stop", `{"gracePeriod":5}`), 409, vmConflict+"Halted only supports manual stop requests with a shorter graceperiod")
		expectDone(t, "stop again, faster", do("stop", `{"gracePeriod":0}`), 202)
		if vmi := getVMI(t, ns, "demo"); *vmi.Spec.TerminationGracePeriodSeconds != 0 {
			t.Errorf("grace period %d after a stop with 0 s", *vmi.Spec.TerminationGracePeriodSeconds)
		}
		expectRefusal(t, "negative grace period", do("stop", `{"gracePeriod":-1}`), 400, "gracePeriod must not be negative")
	}
}

func TestRequestsOfAManualMachine(t *testing.T) {
	for _, group := range groups {
		ns := newNamespace(t)
		do := func(verb, body string) answer { return put(t, group, ns, "virtualmachines", "demo", verb, body) }
		requests := func() []v1.VirtualMachineStateChangeRequest { return getVM(t, ns, "demo").Status.StateChangeRequests }
		clear := func() {
			vm := getVM(t, ns, "demo")
			vm.Status.StateChangeRequests = nil
			must(machines(ns).UpdateStatus(t.Context(), vm, metav1.UpdateOptions{}))(t)
		}
		create(t, ns, newVM("demo", withStrategy(v1.RunStrategyManual)))
		expectRefusal(t, "restart of nothing", do("restart", ""), 409, vmConflict+"VM is not running: Halted")
		expectDone(t, "start in YAML", do("start", "paused: true\n"), 202)
		if r := requests(); len(r) != 1 || r[0].Action != v1.StartRequest || r[0].Data["paused"] != "true" || r[0].UID != nil {
			t.Errorf("requests after a paused start: %+v", r)
		}
		expectRefusal(t, "start before the last one was done", do("start", ""), 409, vmConflict+"unable to complete request: stop/start already underway")
		clear()
		vmi := setPhase(t, createVMI(t, ns, newVMI("demo")), v1.Running)
		expectDone(t, "restart", do("restart", "{}"), 202)
		if r := requests(); len(r) != 2 || r[0].Action != v1.StopRequest || *r[0].UID != vmi.UID || r[1].Action != v1.StartRequest {
			t.Errorf("requests after a restart: %+v", r)
		}
		expectDone(t, "stop replaces what was asked before", do("stop", ""), 202)
		if r := requests(); len(r) != 1 || r[0].Action != v1.StopRequest || *r[0].UID != vmi.UID {
			t.Errorf("requests after a stop: %+v", r)
		}
		clear()
		expectDone(t, "restart by force", do("restart", `{"gracePeriodSeconds":0}`), 202)
		if got := *getVMI(t, ns, "demo").Spec.TerminationGracePeriodSeconds; got != 1 {
			t.Errorf("grace period %d after a restart by force, want 1", got)
		}
		clear()
		expectRefusal(t, "restart with a longer grace period", do("restart", `{"gracePeriodSeconds":3}`), 400, "For force restart, only gracePeriod=0 is supported for now")
		expectRefusal(t, "restart with a negative one", do("restart", `{"gracePeriodSeconds":-3}`), 400, "gracePeriod has to be greater or equal to 0")
		vmi = setPhase(t, getVMI(t, ns, "demo"), v1.Failed)
		expectRefusal(t, "stop of what ended", do("stop", ""), 409, vmConflict+"VM is not running")
		expectDone(t, "start over what ended", do("start", ""), 202)
		if r := requests(); len(r) != 2 || r[0].Action != v1.StopRequest || *r[0].UID != vmi.UID || r[1].Action != v1.StartRequest {
			t.Errorf("requests after a start over a failed instance: %+v", r)
		}
		if generation := getVM(t, ns, "demo").Generation; generation != 1 {
			t.Errorf("requests changed the generation to %d", generation)
		}
	}
}

func TestOfTwoStartsAtOnceOneIsGranted(t *testing.T) {
	ns := newNamespace(t)
	for range 5 {
		vm := create(t, ns, newVM("", withStrategy(v1.RunStrategyManual), func(vm *v1.VirtualMachine) { vm.GenerateName = "race-" }))
		codes := make(chan int, 4)
		for range cap(codes) {
			go func() {
				// An error leaves the code 0, which is no answer.
				a, _ := send(t.Context(), cluster.direct, http.MethodPut, pathOf("kubevirt.io", ns, "virtualmachines", vm.Name)+"/start", "", nil)
				codes <- a.code
			}()
		}
		granted := 0
		for range cap(codes) {
			switch code := <-codes; code {
			case 202:
				granted++
			case 409:
			default:
				t.Errorf("start answered %d", code)
			}
		}
		if r := getVM(t, ns, vm.Name).Status.StateChangeRequests; granted != 1 || len(r) != 1 {
			t.Errorf("%d of 4 starts were granted, requests %v", granted, r)
		}
	}
}
