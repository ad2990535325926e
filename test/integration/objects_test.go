// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
)

func TestLifeOfAVirtualMachineObject(t *testing.T) {
	ns := newNamespace(t)
	created := create(t, ns, newVM("demo"))
	if created.UID == "" || created.ResourceVersion == "" || created.CreationTimestamp.IsZero() || created.Generation != 1 {
		t.Errorf("metadata of a new object: %+v", created.ObjectMeta)
	}
	if diff := cmp.Diff(newVM("demo").Spec, created.Spec); diff != "" {
		t.Errorf("the spec is not stored as it was typed (- typed, + stored):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"kubevirt.io/virtualMachineControllerFinalize"}, created.Finalizers); diff != "" {
		t.Errorf("finalizers:\n%s", diff)
	}
	if created.Status.PrintableStatus != "Stopped" || created.Status.Created || created.Status.Ready {
		t.Errorf("status of a new object: %+v", created.Status)
	}
	if diff := cmp.Diff(created, getVM(t, ns, "demo")); diff != "" {
		t.Errorf("get returns another object than create:\n%s", diff)
	}
	list := must(machines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	if len(list.Items) != 1 || list.Items[0].Name != "demo" || list.ResourceVersion == "" {
		t.Errorf("list: %+v", list)
	}

	changed := created.DeepCopy()
	changed.Spec.Template.Spec.Hostname = "web"
	updated := must(machines(ns).Update(t.Context(), changed, metav1.UpdateOptions{}))(t)
	if updated.Spec.Template.Spec.Hostname != "web" || updated.Generation != 2 {
		t.Errorf("updated to hostname %q, generation %d", updated.Spec.Template.Spec.Hostname, updated.Generation)
	}
	same := must(machines(ns).Update(t.Context(), updated, metav1.UpdateOptions{}))(t)
	if same.ResourceVersion != updated.ResourceVersion {
		t.Error("an update without a change wrote a new version")
	}

	if err := machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	deleting := getVM(t, ns, "demo")
	if deleting.DeletionTimestamp == nil {
		t.Fatal("the finalizer does not hold the object")
	}
	if deleting.Generation != 3 {
		t.Errorf("generation of an object in deletion: %d, want 3", deleting.Generation)
	}
	deleting.Finalizers = nil
	if _, err := machines(ns).Update(t.Context(), deleting, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := machines(ns).Get(t.Context(), "demo", metav1.GetOptions{})
	expectStatus(t, "get after the end", err, 404, `virtualmachines.kubevirt.io "demo" not found`)
}

func TestLifeOfAnInstanceObject(t *testing.T) {
	ns := newNamespace(t)
	created := createVMI(t, ns, newVMI("demo", func(vmi *v1.VirtualMachineInstance) {
		vmi.Status = v1.VirtualMachineInstanceStatus{Phase: v1.Running, NodeName: "node1"}
	}))
	if created.Status.Phase != v1.Pending || created.Status.NodeName != "" || created.Status.RuntimeUser != 107 {
		t.Errorf("status of a new instance: %+v", created.Status)
	}
	if diff := cmp.Diff([]string{"kubevirt.io/foregroundDeleteVirtualMachine"}, created.Finalizers); diff != "" {
		t.Errorf("finalizers:\n%s", diff)
	}
	if created.Spec.Domain.Machine.Type != "q35" || len(created.Spec.Networks) != 1 || created.Spec.Networks[0].Pod == nil {
		t.Errorf("the defaults are missing: %+v", created.Spec)
	}
	if diff := cmp.Diff(created, getVMI(t, ns, "demo")); diff != "" {
		t.Errorf("get returns another object than create:\n%s", diff)
	}
	changed := created.DeepCopy()
	changed.Labels = map[string]string{"app": "web"}
	updated := must(instances(ns).Update(t.Context(), changed, metav1.UpdateOptions{}))(t)
	if updated.Labels["app"] != "web" || updated.Generation != 1 {
		t.Errorf("labels %v, generation %d after a change of labels", updated.Labels, updated.Generation)
	}
}

func TestCreateRefusesWhatExists(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("demo"))
	_, err := machines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{})
	expectStatus(t, "second create", err, 409, `virtualmachines.kubevirt.io "demo" already exists`)
	named := must(machines(ns).Create(t.Context(), newVM("", func(vm *v1.VirtualMachine) { vm.GenerateName = "gen-" }), metav1.CreateOptions{}))(t)
	if !strings.HasPrefix(named.Name, "gen-") || len(named.Name) == len("gen-") {
		t.Errorf("generated name %q", named.Name)
	}
	_, err = machines("no-such-namespace").Create(t.Context(), newVM("demo"), metav1.CreateOptions{})
	expectStatus(t, "create in a namespace that does not exist", err, 404, `namespaces "no-such-namespace" not found`)
	_, err = machines(ns).Update(t.Context(), newVM("other"), metav1.UpdateOptions{})
	expectStatus(t, "update of nothing", err, 404, `virtualmachines.kubevirt.io "other" not found`)
}

func TestOfTwoUpdatesAtOnceOneFails(t *testing.T) {
	ns := newNamespace(t)
	for range 10 {
		vm := create(t, ns, newVM("", func(vm *v1.VirtualMachine) { vm.GenerateName = "race-" }))
		results := make(chan error, 2)
		for _, host := range []string{"one", "two"} {
			changed := vm.DeepCopy()
			changed.Spec.Template.Spec.Hostname = host
			go func() {
				_, err := machines(ns).Update(t.Context(), changed, metav1.UpdateOptions{})
				results <- err
			}()
		}
		first, second := <-results, <-results
		if (first == nil) == (second == nil) {
			t.Fatalf("two updates of one version: %v and %v, want one success", first, second)
		}
		if err := first; err == nil {
			first = second
		}
		expectStatus(t, "the slower update", first, 409, `Operation cannot be fulfilled on virtualmachines.kubevirt.io "`+vm.Name+
			`": the object has been modified; please apply your changes to the latest version and try again`)
	}
	// An update that names no version means the current one.
	vm := create(t, ns, newVM("any"))
	vm.ResourceVersion, vm.Spec.Template.Spec.Hostname = "", "three"
	must(machines(ns).Update(t.Context(), vm, metav1.UpdateOptions{}))(t)
}

func TestPreconditionsOfDelete(t *testing.T) {
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	err := machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr(types.UID("other"))}})
	if !apierrors.IsConflict(err) {
		t.Errorf("delete of another UID: %v", err)
	}
	err = machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &vm.UID, ResourceVersion: &vm.ResourceVersion}})
	if err != nil {
		t.Errorf("delete of the right one: %v", err)
	}
}

func TestPatches(t *testing.T) {
	ns := newNamespace(t)
	for _, c := range []struct {
		name string
		kind types.PatchType
		body string
		want func(*v1.VirtualMachine) bool
	}{
		{"JSON", types.JSONPatchType, `[{"op":"test","path":"/spec/runStrategy","value":"Halted"},{"op":"replace","path":"/spec/runStrategy","value":"Manual"}]`,
			func(vm *v1.VirtualMachine) bool { return *vm.Spec.RunStrategy == v1.RunStrategyManual }},
		{"merge", types.MergePatchType, `{"metadata":{"labels":{"app":"web"}},"spec":{"template":{"spec":{"hostname":"web"}}}}`,
			func(vm *v1.VirtualMachine) bool {
				return vm.Labels["app"] == "web" && vm.Spec.Template.Spec.Hostname == "web" && len(vm.Spec.Template.Spec.Volumes) == 1
			}},
		{"strategic merge, as for built-in kinds", types.StrategicMergePatchType,
			`{"spec":{"template":{"spec":{"volumes":[{"name":"data","emptyDisk":{"capacity":"1Gi"}}]}}}}`,
			func(vm *v1.VirtualMachine) bool { return len(vm.Spec.Template.Spec.Volumes) == 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			vm := create(t, ns, newVM("", func(vm *v1.VirtualMachine) { vm.GenerateName = "patch-" }))
			got := must(machines(ns).Patch(t.Context(), vm.Name, c.kind, []byte(c.body), metav1.PatchOptions{}))(t)
			if !c.want(got) || !c.want(getVM(t, ns, vm.Name)) {
				t.Errorf("patched to %+v", got.Spec)
			}
		})
	}
	create(t, ns, newVM("demo"))
	for _, c := range []struct {
		name    string
		kind    types.PatchType
		body    string
		code    int32
		message string
	}{
		{"failed test", types.JSONPatchType, `[{"op":"test","path":"/spec/runStrategy","value":"Always"}]`, 422, ""},
		{"no JSON patch", types.JSONPatchType, `{}`, 400, ""},
		{"result that is not valid", types.MergePatchType, `{"spec":{"template":null}}`, 422,
			`VirtualMachine.kubevirt.io "demo" is invalid: spec.template: Required value: missing virtual machine template.`},
		{"of another version", types.MergePatchType, `{"metadata":{"resourceVersion":"1"},"spec":{"runStrategy":"Always"}}`, 409, ""},
	} {
		_, err := machines(ns).Patch(t.Context(), "demo", c.kind, []byte(c.body), metav1.PatchOptions{})
		expectStatus(t, "patch: "+c.name, err, c.code, c.message)
	}
	_, err := machines(ns).Patch(t.Context(), "nobody", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{})
	expectStatus(t, "patch of nothing", err, 404, `virtualmachines.kubevirt.io "nobody" not found`)
}

func TestClientsMaySpeakProtobufAndYAML(t *testing.T) {
	ns := newNamespace(t)
	login := rest.CopyConfig(cluster.direct)
	login.ContentType, login.AcceptContentTypes = "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf"
	client := must(clientset.NewForConfig(login))(t).KubevirtV1()
	want := must(client.VirtualMachines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{}))(t)
	if diff := cmp.Diff(getVM(t, ns, "demo"), want); diff != "" {
		t.Errorf("protobuf and JSON differ:\n%s", diff)
	}
	vmi := must(client.VirtualMachineInstances(ns).Create(t.Context(), newVMI("demo"), metav1.CreateOptions{}))(t)
	if vmi.Spec.Architecture != "amd64" {
		t.Error("an instance that was created by protobuf has no defaults")
	}
	a := call(t, cluster.direct, http.MethodPost, pathOf("kubevirt.io", ns, "virtualmachines", ""),
		"apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: yaml}\nspec: {runStrategy: Halted, template: {spec: {domain: {memory: {guest: 1Gi}}}}}\n",
		map[string]string{"Content-Type": "application/yaml", "Accept": "application/yaml"})
	if a.code != http.StatusCreated || !strings.HasPrefix(a.body, "apiVersion: kubevirt.io/v1\n") {
		t.Errorf("YAML: %d %s", a.code, a.body)
	}
}
