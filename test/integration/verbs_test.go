// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"strings"
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

func TestBodiesOfVerbs(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("demo"))
	do := func(verb, body string) answer {
		return put(t, "subresources.kubevirt.io", ns, "virtualmachines", "demo", verb, body)
	}
	for _, body := range []string{`{"pause":true}`, `[`, `{"paused":"yes"}`} {
		if a := do("start", body); a.code != 400 || !strings.HasPrefix(a.status(t).Message, "Can not unmarshal Request body to struct, error: ") {
			t.Errorf("start with %s: %d %s", body, a.code, a.body)
		}
	}
	expectRefusal(t, "dry run of some", do("start", `{"dryRun":["Some"]}`), 400, `dryRun: "Some" is not supported; the only value is All`)
	if a := do("start", strings.Repeat(" ", 70<<10)); a.code != http.StatusRequestEntityTooLarge {
		t.Errorf("start with a large body: %d %s", a.code, a.body)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodPatch} {
		if a := call(t, cluster.direct, method, pathOf("kubevirt.io", ns, "virtualmachines", "demo")+"/start", "", nil); a.code != http.StatusMethodNotAllowed {
			t.Errorf("%s of start: %d", method, a.code)
		}
	}
	if vm := getVM(t, ns, "demo"); vm.Generation != 1 || len(vm.Status.StateChangeRequests) != 0 {
		t.Errorf("refused requests changed %+v", vm)
	}
}

func TestDryRunsOfVerbsChangeNothing(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("halted"))
	create(t, ns, newVM("manual", withStrategy(v1.RunStrategyManual)))
	vmi := setPhase(t, createVMI(t, ns, newVMI("manual")), v1.Running)
	for _, group := range groups {
		for _, c := range []struct{ name, verb, body string }{
			{"halted", "start", ""}, {"halted", "start", `"paused":true`},
			{"manual", "stop", ""}, {"manual", "stop", `"gracePeriod":1`},
			{"manual", "restart", ""}, {"manual", "restart", `"gracePeriodSeconds":0`},
		} {
			before := getVM(t, ns, c.name).ResourceVersion
			separator := ""
			if c.body != "" {
				separator = ","
			}
			expectDone(t, c.verb+" with dryRun in the body", put(t, group, ns, "virtualmachines", c.name, c.verb, `{"dryRun":["All"]`+separator+c.body+`}`), 202)
			expectDone(t, c.verb+" with dryRun in the query", put(t, group, ns, "virtualmachines", c.name, c.verb+"?dryRun=All", "{"+c.body+"}"), 202)
			// Refused rather than done for good.
			expectRefusal(t, c.verb+" with another dryRun", put(t, group, ns, "virtualmachines", c.name, c.verb+"?dryRun=Yes", "{"+c.body+"}"), 400,
				`dryRun: "Yes" is not supported; the only value is All`)
			if after := getVM(t, ns, c.name).ResourceVersion; after != before {
				t.Errorf("a dry run of %s %s wrote version %s over %s", c.verb, c.body, after, before)
			}
		}
		expectRefusal(t, "dry run of what cannot be", put(t, group, ns, "virtualmachines", "halted", "restart", `{"dryRun":["All"]}`), 409,
			`Operation cannot be fulfilled on virtualmachine.kubevirt.io "halted": RunStategy Halted does not support manual restart requests`)
		expectDone(t, "pause with dryRun", put(t, group, ns, "virtualmachineinstances", "manual", "pause", `{"dryRun":["All"]}`), 200)
	}
	if after := getVMI(t, ns, "manual").ResourceVersion; after != vmi.ResourceVersion {
		t.Errorf("dry runs wrote version %s of the instance over %s", after, vmi.ResourceVersion)
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

func TestWhatAConsoleAndAPauseNeed(t *testing.T) {
	for _, group := range groups {
		ns := newNamespace(t)
		console := func() answer {
			return call(t, cluster.direct, http.MethodGet, pathOf(group, ns, "virtualmachineinstances", "demo")+"/console", "",
				map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="})
		}
		do := func(verb string) answer { return put(t, group, ns, "virtualmachineinstances", "demo", verb, "") }
		const missing = `virtualmachineinstance.kubevirt.io "demo" not found`
		expectRefusal(t, "console of nothing", console(), 404, missing)
		expectRefusal(t, "pause of nothing", do("pause"), 404, missing)
		expectRefusal(t, "unpause of nothing", do("unpause"), 404, missing)

		vmi := createVMI(t, ns, newVMI("demo"))
		// Clients try again on 400 until the guest runs.
		expectRefusal(t, "console before the start", console(), 400, "VMI is not running")
		expectRefusal(t, "pause before the start", do("pause"), 409, vmiConflict+"VM is not running")
		expectRefusal(t, "unpause before the start", do("unpause"), 409, vmiConflict+"VMI is not running")

		vmi = setPhase(t, vmi, v1.Running, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "nowhere" })
		const noPlugin = `reach the plugin of node "nowhere": no virt-nodeplugin pod runs on the node`
		expectRefusal(t, "console without a plugin", console(), 503, noPlugin)
		expectRefusal(t, "pause without a plugin", do("pause"), 503, noPlugin)
		expectRefusal(t, "unpause of what runs", do("unpause"), 409, vmiConflict+"VMI is not paused")

		vmi = setPhase(t, vmi, v1.Running, func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{{Type: v1.VirtualMachineInstancePaused, Status: v1.ConditionTrue}}
		})
		expectRefusal(t, "pause of what is paused", do("pause"), 409, vmiConflict+"VMI is already paused")
		setPhase(t, vmi, v1.Failed)
		expectRefusal(t, "console of what failed", console(), 409, vmiConflict+"VMI is in failed status")

		createVMI(t, ns, newVMI("dumb", func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Domain.Devices.AutoattachSerialConsole = ptr(false) }))
		a := call(t, cluster.direct, http.MethodGet, pathOf(group, ns, "virtualmachineinstances", "dumb")+"/console", "", nil)
		expectRefusal(t, "console of a guest without one", a, 400, "No serial consoles are present.")
	}
}
