// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestUsersDoNotWriteTheStatusThroughTheMainResource(t *testing.T) {
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	vm.Status.Created, vm.Status.PrintableStatus = true, v1.VirtualMachineStatusRunning
	updated := must(machines(ns).Update(t.Context(), vm, metav1.UpdateOptions{}))(t)
	if updated.Status.Created || updated.ResourceVersion != vm.ResourceVersion {
		t.Errorf("status %+v, version %s after %s", updated.Status, updated.ResourceVersion, vm.ResourceVersion)
	}
	patched := must(machines(ns).Patch(t.Context(), "demo", types.MergePatchType, []byte(`{"status":{"ready":true}}`), metav1.PatchOptions{}))(t)
	if patched.Status.Ready {
		t.Error("a patch of the main resource wrote the status")
	}

	vmi := createVMI(t, ns, newVMI("demo"))
	vmi.Status.Phase = v1.Failed
	if got := must(instances(ns).Update(t.Context(), vmi, metav1.UpdateOptions{}))(t); got.Status.Phase != v1.Pending {
		t.Errorf("an update of the main resource set the phase to %s", got.Status.Phase)
	}
}

func TestTheStatusResourceWritesTheStatusAlone(t *testing.T) {
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	vm.Status.Created = true
	vm.Spec.Template.Spec.Hostname = "web"
	vm.Labels, vm.Finalizers = map[string]string{"a": "b"}, nil
	updated := must(machines(ns).UpdateStatus(t.Context(), vm, metav1.UpdateOptions{}))(t)
	if !updated.Status.Created {
		t.Error("the status was not written")
	}
	if updated.Spec.Template.Spec.Hostname != "" || len(updated.Labels) != 0 || len(updated.Finalizers) != 1 || updated.Generation != 1 {
		t.Errorf("more than the status was written: %+v", updated)
	}
	a := call(t, cluster.direct, http.MethodGet, pathOf("kubevirt.io", ns, "virtualmachines", "demo")+"/status", "", nil)
	if a.code != http.StatusOK {
		t.Errorf("get of the status: %d %s", a.code, a.body)
	}
	old := updated.DeepCopy()
	old.ResourceVersion = vm.ResourceVersion
	old.Status.Ready = true
	if _, err := machines(ns).UpdateStatus(t.Context(), old, metav1.UpdateOptions{}); err == nil {
		t.Error("a status based on an old version was written")
	}
}

func TestGenerationChangesWithTheSpecAlone(t *testing.T) {
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	step := func(what, patch string, want int64, subresources ...string) {
		t.Helper()
		vm = must(machines(ns).Patch(t.Context(), "demo", types.MergePatchType, []byte(patch), metav1.PatchOptions{}, subresources...))(t)
		if vm.Generation != want {
			t.Errorf("generation %d after %s, want %d", vm.Generation, what, want)
		}
	}
	step("a label", `{"metadata":{"labels":{"a":"b"}}}`, 1)
	step("a status", `{"status":{"created":true}}`, 1, "status")
	step("the same memory in another unit", `{"spec":{"template":{"spec":{"domain":{"memory":{"guest":"131072Ki"}}}}}}`, 1)
	step("a template", `{"spec":{"template":{"spec":{"hostname":"web"}}}}`, 2)
	step("a generation", `{"metadata":{"generation":77}}`, 2)
	step("a run strategy", `{"spec":{"runStrategy":"Manual"}}`, 3)
}

func TestTheSpecOfAnInstanceCannotBeChanged(t *testing.T) {
	ns := newNamespace(t)
	createVMI(t, ns, newVMI("demo"))
	_, err := instances(ns).Patch(t.Context(), "demo", types.MergePatchType, []byte(`{"spec":{"hostname":"web"}}`), metav1.PatchOptions{})
	expectStatus(t, "patch of the spec", err, 422, `VirtualMachineInstance.kubevirt.io "demo" is invalid: spec: Forbidden: update of VMI object is restricted: `+
		`the spec of a running instance cannot be changed; change the VirtualMachine and restart it`)
	// What a client reads it may write back, defaults and all.
	vmi := getVMI(t, ns, "demo")
	vmi.Annotations = map[string]string{"note": "x"}
	must(instances(ns).Update(t.Context(), vmi, metav1.UpdateOptions{}))(t)
	// The manifest that made the object means the same object: what it leaves out are the defaults.
	again := newVMI("demo", func(vmi *v1.VirtualMachineInstance) {
		vmi.Finalizers = []string{v1.VirtualMachineInstanceFinalizer}
	})
	must(instances(ns).Update(t.Context(), again, metav1.UpdateOptions{}))(t)
}

func TestTheNodeLabelIsTheServersOwn(t *testing.T) {
	ns := newNamespace(t)
	vmi := createVMI(t, ns, newVMI("demo"))
	vmi = setPhase(t, vmi, v1.Scheduled, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "node1" })
	if got := vmi.Labels[v1.NodeNameLabel]; got != "node1" {
		t.Errorf("label %q after status.nodeName was set, want node1", got)
	}
	_, err := instances(ns).Patch(t.Context(), "demo", types.MergePatchType, []byte(`{"metadata":{"labels":{"kubevirt.io/nodeName":"node2"}}}`), metav1.PatchOptions{})
	expectStatus(t, "change of the label", err, 422, `VirtualMachineInstance.kubevirt.io "demo" is invalid: metadata.labels[kubevirt.io/nodeName]: Forbidden: `+
		`modification of a reserved kubevirt.io/ label on a VMI object is prohibited`)
	list := must(instances(ns).List(t.Context(), metav1.ListOptions{LabelSelector: "kubevirt.io/nodeName=node1"}))(t)
	if len(list.Items) != 1 {
		t.Errorf("%d instances carry the label", len(list.Items))
	}
}

func TestDryRunsChangeNothing(t *testing.T) {
	ns := newNamespace(t)
	all := []string{metav1.DryRunAll}
	dry := must(machines(ns).Create(t.Context(), newVM("dry"), metav1.CreateOptions{DryRun: all}))(t)
	if dry.UID == "" || !slices.Equal(dry.Finalizers, []string{v1.VirtualMachineFinalizer}) {
		t.Errorf("a dry run of create returns %+v", dry.ObjectMeta)
	}
	_, err := machines(ns).Get(t.Context(), "dry", metav1.GetOptions{})
	expectStatus(t, "get after a dry run of create", err, 404, "")
	_, err = machines(ns).Create(t.Context(), newVM("dry", func(vm *v1.VirtualMachine) { vm.Spec.Template = nil }), metav1.CreateOptions{DryRun: all})
	expectStatus(t, "dry run of a bad object", err, 422, "")

	before := create(t, ns, newVM("demo"))
	changed := before.DeepCopy()
	changed.Spec.Template.Spec.Hostname = "web"
	if got := must(machines(ns).Update(t.Context(), changed, metav1.UpdateOptions{DryRun: all}))(t); got.Generation != 2 {
		t.Errorf("a dry run of update returns generation %d, want 2", got.Generation)
	}
	changed.Status.Created = true
	must(machines(ns).UpdateStatus(t.Context(), changed, metav1.UpdateOptions{DryRun: all}))(t)
	must(machines(ns).Patch(t.Context(), "demo", types.MergePatchType, []byte(`{"spec":{"runStrategy":"Manual"}}`), metav1.PatchOptions{DryRun: all}))(t)
	if err := machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{DryRun: all}); err != nil {
		t.Error(err)
	}
	if err := machines(ns).DeleteCollection(t.Context(), metav1.DeleteOptions{DryRun: all}, metav1.ListOptions{}); err != nil {
		t.Error(err)
	}
	if after := getVM(t, ns, "demo"); after.ResourceVersion != before.ResourceVersion {
		t.Errorf("dry runs wrote version %s over %s", after.ResourceVersion, before.ResourceVersion)
	}
}
