// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// apply sends what a manager wants of the virtual machine called demo.
func apply(t *testing.T, namespace, manager, body string, force bool) (*v1.VirtualMachine, error) {
	t.Helper()
	return machines(namespace).Patch(t.Context(), "demo", types.ApplyPatchType, []byte(body), metav1.PatchOptions{FieldManager: manager, Force: &force})
}

// owned returns the fields in a manager's entry for a subresource, to a depth of two.
func owned(t *testing.T, managed []metav1.ManagedFieldsEntry, manager, subresource string) []string {
	t.Helper()
	var paths []string
	for _, entry := range managed {
		if entry.Manager != manager || entry.Subresource != subresource {
			continue
		}
		set := fieldpath.NewSet()
		if err := set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
			t.Fatal(err)
		}
		set.Iterate(func(path fieldpath.Path) {
			if path = path[:min(2, len(path))]; !slices.Contains(paths, path.String()) {
				paths = append(paths, path.String())
			}
		})
	}
	return paths
}

// TestAStartIsNotUndoneUnseen holds that whoever applied a virtual machine hears of a start before an
// apply of the same manifest stops it again.
func TestAStartIsNotUndoneUnseen(t *testing.T) {
	ns := newNamespace(t)
	if _, err := apply(t, ns, "gitops", manifest("demo", diskSpec), false); err != nil {
		t.Fatal(err)
	}
	path := pathOf("subresources.kubevirt.io", ns, "virtualmachines", "demo")
	a := call(t, cluster.direct, http.MethodPut, path+"/start", "", map[string]string{"User-Agent": "virtctl/v1.9.0 (linux/amd64)"})
	expectDone(t, "start", a, 202)
	managed := getVM(t, ns, "demo").ManagedFields
	if got := owned(t, managed, "virtctl", "start"); !slices.Equal(got, []string{".spec.runStrategy"}) {
		t.Errorf("virtctl owns %v", got)
	}
	if got := owned(t, managed, "gitops", ""); !slices.Equal(got, []string{".spec.template"}) {
		t.Errorf("gitops owns %v", got)
	}
	_, err := apply(t, ns, "gitops", manifest("demo", diskSpec), false)
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), `conflict with "virtctl" with subresource "start"`) || !strings.Contains(err.Error(), ".spec.runStrategy") {
		t.Errorf("the old manifest: %v, want a conflict that names virtctl and the field", err)
	}
	if got := *getVM(t, ns, "demo").Spec.RunStrategy; got != v1.RunStrategyAlways {
		t.Errorf("run strategy %s after a conflict", got)
	}
	// A manifest that leaves the field to others goes on working.
	others := strings.Replace(diskSpec, `"runStrategy":"Halted",`, "", 1)
	if vm, err := apply(t, ns, "gitops", manifest("demo", others), false); err != nil || *vm.Spec.RunStrategy != v1.RunStrategyAlways {
		t.Errorf("a manifest without the field: %v", err)
	}
	// The owner may insist.
	if vm, err := apply(t, ns, "gitops", manifest("demo", diskSpec), true); err != nil || *vm.Spec.RunStrategy != v1.RunStrategyHalted {
		t.Errorf("an apply by force: %v", err)
	}
	if got := owned(t, getVM(t, ns, "demo").ManagedFields, "virtctl", "start"); got != nil {
		t.Errorf("virtctl still owns %v", got)
	}

	// The name can be given, as for a patch.
	a = call(t, cluster.direct, http.MethodPut, path+"/start?fieldManager=operator&dryRun=All", "", nil)
	expectDone(t, "dry run", a, 202)
	a = call(t, cluster.direct, http.MethodPut, path+"/start?fieldManager=operator", "", nil)
	expectDone(t, "start by name", a, 202)
	if got := owned(t, getVM(t, ns, "demo").ManagedFields, "operator", "start"); !slices.Equal(got, []string{".spec.runStrategy"}) {
		t.Errorf("operator owns %v", got)
	}
	a = call(t, cluster.direct, http.MethodPut, path+"/stop?fieldManager="+strings.Repeat("m", 200), "", nil)
	if a.code != http.StatusBadRequest || !strings.Contains(a.status(t).Message, "fieldManager") {
		t.Errorf("a name that is too long: %d %s", a.code, a.body)
	}
}

func TestRequestsOfVerbsAreOwnedByTheCaller(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("demo", withStrategy(v1.RunStrategyManual)))
	setPhase(t, createVMI(t, ns, newVMI("demo")), v1.Running)
	a := call(t, cluster.direct, http.MethodPut, pathOf("kubevirt.io", ns, "virtualmachines", "demo")+"/restart?fieldManager=me", `{"gracePeriodSeconds":0}`, nil)
	expectDone(t, "restart", a, 202)
	if got := owned(t, getVM(t, ns, "demo").ManagedFields, "me", "restart"); !slices.Equal(got, []string{".status.stateChangeRequests"}) {
		t.Errorf("of the machine the caller owns %v", got)
	}
	if got := owned(t, getVMI(t, ns, "demo").ManagedFields, "me", "restart"); !slices.Equal(got, []string{".spec.terminationGracePeriodSeconds"}) {
		t.Errorf("of the instance the caller owns %v", got)
	}
}
