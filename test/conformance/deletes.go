// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strconv"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func deleteCollection(t *testing.T, s *suite) {
	ns := s.namespace(t)
	for i := range 4 {
		s.create(t, ns, newVM("vm"+strconv.Itoa(i), withLabel("half", strconv.Itoa(i%2)), func(vm *v1.VirtualMachine) {
			vm.Finalizers = []string{"conformance.virtplane.io/keep"}
		}))
	}
	t.Cleanup(func() { s.removeFinalizers(t, ns) })
	step := func(options metav1.ListOptions, want ...string) {
		t.Helper()
		if err := s.machines(ns).DeleteCollection(t.Context(), metav1.DeleteOptions{}, options); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, vm := range must(s.machines(ns).List(t.Context(), metav1.ListOptions{}))(t).Items {
			if vm.DeletionTimestamp != nil {
				got = append(got, vm.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %+v these are being deleted: %v, want %v", options, got, want)
		}
	}
	step(metav1.ListOptions{LabelSelector: "half=2"})
	step(metav1.ListOptions{FieldSelector: "metadata.name=vm2"}, "vm2")
	step(metav1.ListOptions{LabelSelector: "half=1"}, "vm1", "vm2", "vm3")
	step(metav1.ListOptions{}, "vm0", "vm1", "vm2", "vm3")
}

// removeFinalizers lets what a test has deleted go, so that its namespace can end.
func (s *suite) removeFinalizers(t *testing.T, namespace string) {
	ctx := t.Context()
	if ctx.Err() != nil {
		ctx = contextOfCleanup(t)
	}
	list, err := s.machines(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Error(err)
		return
	}
	for _, vm := range list.Items {
		if _, err := s.machines(namespace).Patch(ctx, vm.Name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
			t.Error(err)
		}
	}
}

func deletePreconditions(t *testing.T, s *suite) {
	ns := s.namespace(t)
	vm := s.create(t, ns, newVM("demo"))
	err := s.machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr(types.UID("other"))}})
	expectStatus(t, "delete of another UID", err, 409)
	err = s.machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: ptr("1")}})
	expectStatus(t, "delete of another version", err, 409)
	if got := s.get(t, ns, "demo"); got.DeletionTimestamp != nil {
		t.Error("a refused delete began")
	}
	s.patch(t, ns, "demo", `{"metadata":{"finalizers":null}}`)
	if err := s.machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &vm.UID}}); err != nil {
		t.Errorf("delete of this UID: %v", err)
	}
	expectStatus(t, "delete of nothing", s.machines(ns).Delete(t.Context(), "other", metav1.DeleteOptions{}), 404, `"other" not found`)
}

func dryRuns(t *testing.T, s *suite) {
	ns := s.namespace(t)
	all := []string{metav1.DryRunAll}
	dry := must(s.machines(ns).Create(t.Context(), newVM("dry"), metav1.CreateOptions{DryRun: all}))(t)
	if dry.Name != "dry" || dry.UID == "" {
		t.Errorf("a dry create shows %+v", dry.ObjectMeta)
	}
	bad := newVM("bad")
	bad.Spec.Template = nil
	_, err := s.machines(ns).Create(t.Context(), bad, metav1.CreateOptions{DryRun: all})
	expectStatus(t, "dry create of a bad object", err, 422, "spec.template")

	vm := s.create(t, ns, newVM("demo"))
	changed := vm.DeepCopy()
	changed.ResourceVersion, changed.Labels = "", map[string]string{"dry": "run"}
	if got := must(s.machines(ns).Update(t.Context(), changed, metav1.UpdateOptions{DryRun: all}))(t); got.Labels["dry"] != "run" {
		t.Error("a dry update does not show the change")
	}
	for kind, body := range map[types.PatchType]string{
		types.MergePatchType:          `{"metadata":{"labels":{"dry":"run"}}}`,
		types.StrategicMergePatchType: `{"metadata":{"labels":{"dry":"run"}}}`,
		types.JSONPatchType:           `[{"op":"add","path":"/metadata/labels","value":{"dry":"run"}}]`,
		types.ApplyPatchType:          `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"demo","labels":{"dry":"run"}}}`,
	} {
		if got := must(s.machines(ns).Patch(t.Context(), "demo", kind, []byte(body), metav1.PatchOptions{DryRun: all, FieldManager: "conformance"}))(t); got.Labels["dry"] != "run" {
			t.Errorf("a dry patch of type %s does not show the change", kind)
		}
	}
	changed.Status.Created = !vm.Status.Created
	must(s.machines(ns).UpdateStatus(t.Context(), changed, metav1.UpdateOptions{DryRun: all}))(t)
	if err := s.machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{DryRun: all}); err != nil {
		t.Errorf("dry delete: %v", err)
	}
	if err := s.machines(ns).DeleteCollection(t.Context(), metav1.DeleteOptions{DryRun: all}, metav1.ListOptions{}); err != nil {
		t.Errorf("dry delete of all: %v", err)
	}
	list := must(s.machines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	if len(list.Items) != 1 || list.Items[0].Labels["dry"] != "" || list.Items[0].DeletionTimestamp != nil || list.Items[0].Status.Created != vm.Status.Created {
		t.Errorf("after nothing but dry runs: %+v", list.Items)
	}
	_, err = s.machines(ns).Create(t.Context(), newVM("dry"), metav1.CreateOptions{DryRun: []string{"Some"}})
	expectStatus(t, "a dry run of an unknown kind", err, 422, "dryRun")
}
