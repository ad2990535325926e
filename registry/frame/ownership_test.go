// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func entry(manager string, operation metav1.ManagedFieldsOperationType, subresource, fields string) metav1.ManagedFieldsEntry {
	e := metav1.ManagedFieldsEntry{Manager: manager, Operation: operation, APIVersion: "kubevirt.io/v1", FieldsType: "FieldsV1", Subresource: subresource, FieldsV1: &metav1.FieldsV1{}}
	e.FieldsV1.SetRawString(fields)
	return e
}

// view is what matters of managed fields.
func view(entries []metav1.ManagedFieldsEntry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Manager+" "+string(e.Operation)+" "+e.Subresource+" "+e.FieldsV1.GetRawString())
	}
	return out
}

func TestWhoSetsAFieldOwnsIt(t *testing.T) {
	strategy := fieldpath.NewSet(fieldpath.MakePathOrDie("spec", "runStrategy"))
	volumes := fieldpath.MakePathOrDie("spec", "template", "spec", "volumes", fieldpath.KeyByFields("name", "data"))
	owner := Owner{Manager: "virtctl", Subresource: "start", APIVersion: "kubevirt.io/v1", Now: metav1.NewTime(time.Unix(7, 0))}
	for _, c := range []struct {
		name         string
		before       []metav1.ManagedFieldsEntry
		set, removed *fieldpath.Set
		want         []string
	}{
		{"nobody keeps track", nil, strategy, fieldpath.NewSet(), nil},
		{"taken from who applied it", []metav1.ManagedFieldsEntry{
			entry("user", "Apply", "", `{"f:spec":{"f:runStrategy":{},"f:template":{}}}`), entry("other", "Update", "status", `{"f:status":{"f:ready":{}}}`),
		}, strategy, fieldpath.NewSet(), []string{
			`user Apply  {"f:spec":{"f:template":{}}}`, `other Update status {"f:status":{"f:ready":{}}}`, `virtctl Update start {"f:spec":{"f:runStrategy":{}}}`,
		}},
		{"nothing left of another", []metav1.ManagedFieldsEntry{entry("user", "Update", "", `{"f:spec":{"f:runStrategy":{}}}`)},
			strategy, fieldpath.NewSet(), []string{`virtctl Update start {"f:spec":{"f:runStrategy":{}}}`}},
		{"added to its own", []metav1.ManagedFieldsEntry{entry("virtctl", "Update", "start", `{"f:status":{"f:stateChangeRequests":{}}}`)},
			strategy, fieldpath.NewSet(), []string{`virtctl Update start {"f:spec":{"f:runStrategy":{}},"f:status":{"f:stateChangeRequests":{}}}`}},
		{"the same name elsewhere is another", []metav1.ManagedFieldsEntry{entry("virtctl", "Update", "stop", `{"f:spec":{"f:runStrategy":{}}}`)},
			strategy, fieldpath.NewSet(), []string{`virtctl Update start {"f:spec":{"f:runStrategy":{}}}`}},
		{"removed with all below", []metav1.ManagedFieldsEntry{
			entry("user", "Apply", "", `{"f:spec":{"f:template":{"f:spec":{"f:volumes":{"k:{\"name\":\"data\"}":{".":{},"f:name":{}},"k:{\"name\":\"root\"}":{".":{}}}}}}}`),
		}, fieldpath.NewSet(), fieldpath.NewSet(volumes), []string{`user Apply  {"f:spec":{"f:template":{"f:spec":{"f:volumes":{"k:{\"name\":\"root\"}":{}}}}}}`}},
	} {
		vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{ManagedFields: c.before}}
		if err := Own(vm, owner, c.set, c.removed); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, view(vm.ManagedFields)); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", c.name, diff)
		}
		for _, e := range vm.ManagedFields {
			if e.Manager == "virtctl" && !e.Time.Equal(&owner.Now) {
				t.Errorf("%s: time %v", c.name, e.Time)
			}
		}
	}
	broken := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{entry("user", "Apply", "", `{`)}}}
	if err := Own(broken, owner, strategy, fieldpath.NewSet()); err == nil {
		t.Error("managed fields that cannot be read were overwritten")
	}
}

func TestFieldsOfAValue(t *testing.T) {
	path := fieldpath.MakePathOrDie("spec", "volumes", fieldpath.KeyByFields("name", "data"))
	got, err := Fields(path, v1.Volume{Name: "data", VolumeSource: v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: "dv", Hotpluggable: true}}})
	if err != nil {
		t.Fatal(err)
	}
	want := fieldpath.NewSet(path)
	for _, leaf := range [][]any{{"name"}, {"dataVolume", "name"}, {"dataVolume", "hotpluggable"}} {
		want.Insert(append(path.Copy(), fieldpath.MakePathOrDie(leaf...)...))
	}
	if !got.Equals(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
