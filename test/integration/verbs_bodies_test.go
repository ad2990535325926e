// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

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
