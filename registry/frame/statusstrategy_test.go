// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestAWriteOfTheStatusChangesNothingElse(t *testing.T) {
	rules := NewStatusStrategy(nil, v1.SchemeGroupVersion, func(vm, written *v1.VirtualMachine) { vm.Status = written.Status })
	old := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{
		Name: "demo", Generation: 2, ResourceVersion: "7", Labels: map[string]string{"app": "web"},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "user"}},
	}}
	halted, always := v1.RunStrategyHalted, v1.RunStrategyAlways
	old.Spec.RunStrategy = &halted

	vm := old.DeepCopy()
	vm.Spec.RunStrategy, vm.Labels, vm.Generation = &always, nil, 9
	vm.Status.Ready = true
	// Which version is meant and who wrote what come from the writer.
	vm.ResourceVersion, vm.ManagedFields = "8", []metav1.ManagedFieldsEntry{{Manager: "controller"}}
	rules.PrepareForUpdate(t.Context(), vm, old)

	want := old.DeepCopy()
	want.Status.Ready = true
	want.ResourceVersion, want.ManagedFields = "8", []metav1.ManagedFieldsEntry{{Manager: "controller"}}
	if diff := cmp.Diff(want, vm); diff != "" {
		t.Errorf("after a write of the status (- want, + got):\n%s", diff)
	}
	vm.Labels["app"] = "db"
	if old.Labels["app"] != "web" {
		t.Error("the new object shares its labels with the stored one")
	}
	sets := rules.GetResetFields()
	if set := sets["kubevirt.io/v1"]; len(sets) != 1 || set.String() != ".spec" {
		t.Errorf("reset fields %v", sets)
	}
}
