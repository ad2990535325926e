// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// started makes a virtual machine with an instance that belongs to it.
func started(t *testing.T, ns string, changes ...func(*v1.VirtualMachineInstance)) (*v1.VirtualMachine, *v1.VirtualMachineInstance) {
	t.Helper()
	vm := create(t, ns, newVM("demo", withStrategy(v1.RunStrategyManual)))
	vm.Status.Created = true
	vm = must(machines(ns).UpdateStatus(t.Context(), vm, metav1.UpdateOptions{}))(t)
	vmi := createVMI(t, ns, newVMI("demo", func(vmi *v1.VirtualMachineInstance) {
		vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.SchemeGroupVersion.WithKind("VirtualMachine"))}
	}))
	return vm, setPhase(t, vmi, v1.Running, changes...)
}

func TestVerbsOfAMachineThatNeedAnInstance(t *testing.T) {
	const (
		noMachine  = `404 virtualmachine.kubevirt.io "demo" not found`
		noInstance = `404 virtualmachineinstance.kubevirt.io "demo" not found`
		notStarted = "409 " + vmConflict + "VMI is not started"
		noNetwork  = "400 no network interfaces are present"
	)
	for _, c := range []struct{ request, body, absent, stopped, running string }{
		{"PUT migrate", "", noMachine, noInstance, "501 live migration is not implemented by this version of virtplane"},
		{"PUT memorydump", `{"claimName":"c"}`, noMachine, noInstance, "501 dumping the memory of a guest is not implemented by this version of virtplane"},
		{"PUT memorydump", "", "400 Request with no body", "400 Request with no body", "400 Request with no body"},
		{"PUT memorydump", "{}", noMachine, "400 Memory dump requires claim name to be set", "400 Memory dump requires claim name to be set"},
		{"PUT removememorydump", "", noMachine,
			"409 " + vmConflict + "can't remove memory dump association for vm demo, no association found",
			"409 " + vmConflict + "can't remove memory dump association for vm demo, no association found"},
		{"GET log", "", noMachine, "409 " + vmConflict + "it has no log: none of its instances has ended on a node",
			"400 VMI is not running: it has no node yet, and so no log"},
		{"GET portforward/22", "", noMachine, notStarted, noNetwork},
		{"GET portforward/22/tcp", "", noMachine, notStarted, noNetwork},
		{"PUT evacuate/cancel", "", noMachine, notStarted, "200 "},
		{"GET objectgraph", "", answers["noGraph"], answers["noGraph"], answers["noGraph"]},
		{"GET expand-spec", "", noMachine, "", ""},
	} {
		for _, group := range groups {
			ns := newNamespace(t)
			method, path, _ := strings.Cut(c.request, " ")
			check := func(state, answer string) {
				t.Helper()
				if answer == "" {
					return
				}
				a := call(t, cluster.direct, method, pathOf(group, ns, "virtualmachines", "demo")+"/"+path, c.body, nil)
				code, want, _ := strings.Cut(answer, " ")
				what := c.request + " of " + group + ", " + state
				if code == "200" {
					expectDone(t, what, a, 200)
				} else {
					expectRefusal(t, what, a, codeOf(t, code), want)
				}
			}
			check("absent", c.absent)
			create(t, ns, newVM("demo"))
			check("stopped", c.stopped)
			must[any](nil, machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{}))(t)
			vm := getVM(t, ns, "demo")
			vm.Finalizers = nil
			must(machines(ns).Update(t.Context(), vm, metav1.UpdateOptions{}))(t)
			started(t, ns)
			check("running", c.running)
		}
	}
}

func TestAnInstanceOfTheSameNameIsNotTheMachines(t *testing.T) {
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	vm.Status.Created = true
	must(machines(ns).UpdateStatus(t.Context(), vm, metav1.UpdateOptions{}))(t)
	createVMI(t, ns, newVMI("demo"))
	a := call(t, cluster.direct, http.MethodGet, pathOf("kubevirt.io", ns, "virtualmachines", "demo")+"/portforward/22", "", handshake)
	expectRefusal(t, "port of a stranger", a, 409, vmConflict+"the instance of that name does not belong to this virtual machine; use the instance itself")
}

func TestAnEvacuationIsCancelledOnce(t *testing.T) {
	ns := newNamespace(t)
	started(t, ns, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName, vmi.Status.EvacuationNodeName = "node1", "node1"
	})
	cancel := func(body string) answer {
		return put(t, "subresources.kubevirt.io", ns, "virtualmachines", "demo", "evacuate/cancel", body)
	}
	expectRefusal(t, "of another node", cancel(`{"evacuationNodeName":"node2"}`), 409, vmiConflict+`evacuationNodeName: the guest leaves node "node1", not "node2"`)
	expectDone(t, "dry run", cancel(`{"evacuationNodeName":"node1","dryRun":["All"]}`), 200)
	if got := getVMI(t, ns, "demo").Status.EvacuationNodeName; got != "node1" {
		t.Errorf("a dry run left %q", got)
	}
	expectDone(t, "cancel", cancel(`{"evacuationNodeName":"node1"}`), 200)
	if got := getVMI(t, ns, "demo").Status.EvacuationNodeName; got != "" {
		t.Errorf("the guest still leaves %q", got)
	}
	expectDone(t, "cancel again", cancel(""), 200)
}

func TestExpandSpec(t *testing.T) {
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	for _, group := range groups {
		a := call(t, cluster.direct, http.MethodGet, pathOf(group, ns, "virtualmachines", "demo")+"/expand-spec", "", nil)
		var got v1.VirtualMachine
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.code != 200 || got.Kind != "VirtualMachine" || got.APIVersion != "kubevirt.io/v1" || got.UID != vm.UID {
			t.Errorf("%s: %d %s, %v", group, a.code, a.body, err)
		}
		path := "/apis/" + group + "/v1/namespaces/" + ns + "/expand-vm-spec"
		a = call(t, cluster.direct, http.MethodPut, path, manifest("other", diskSpec), nil)
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.code != 200 || got.Namespace != ns || got.Name != "other" {
			t.Errorf("%s: expand-vm-spec: %d %s, %v", group, a.code, a.body, err)
		}
		expectRefusal(t, "no virtual machine", call(t, cluster.direct, http.MethodPut, path, `{"kind":"Pod","apiVersion":"v1"}`, nil), 400, "Object is not a valid VirtualMachine")
		expectRefusal(t, "no body", call(t, cluster.direct, http.MethodPut, path, "", nil), 400, "empty request body")
	}
}

func TestVolumesOfAMachineAreChangedInItsTemplate(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("demo"))
	do := func(verb, body string) answer {
		return put(t, "subresources.kubevirt.io", ns, "virtualmachines", "demo", verb, body)
	}
	expectRefusal(t, "no name", do("addvolume", "{}"), 400, "AddVolumeOptions requires name to be set")
	expectRefusal(t, "taken name", do("addvolume", strings.Replace(addedClaim, `"data"`, `"root"`, 1)), 409, vmConflict+"Unable to add volume [root] because volume with that name already exists")
	expectRefusal(t, "nothing", do("removevolume", `{"name":"data"}`), 409, vmConflict+"Unable to remove volume [data] because it does not exist")
	expectRefusal(t, "fixed volume", do("removevolume", `{"name":"root"}`), 409, vmConflict+"Unable to remove volume [root] because it is not hotpluggable")
	// What the template may not hold is refused by the same words as in a manifest.
	a := do("addvolume", addedClaim)
	switch {
	case a.code == http.StatusAccepted:
		if spec := getVM(t, ns, "demo").Spec.Template.Spec; len(spec.Volumes) != 2 || spec.Volumes[1].PersistentVolumeClaim == nil || len(spec.Domain.Devices.Disks) != 2 {
			t.Errorf("template after addvolume: %+v", spec)
		}
		expectDone(t, "removevolume", do("removevolume", `{"name":"data"}`), 202)
	case a.code != http.StatusUnprocessableEntity || !strings.Contains(a.status(t).Message, "spec.template.spec.volumes[1]"):
		t.Errorf("addvolume: %d %s", a.code, a.body)
	}
	if spec := getVM(t, ns, "demo").Spec.Template.Spec; len(spec.Volumes) != 1 {
		t.Errorf("volumes at the end: %+v", spec.Volumes)
	}
}
