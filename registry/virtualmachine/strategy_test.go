// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func stored() *v1.VirtualMachine {
	halted, guest := v1.RunStrategyHalted, resource.MustParse("1Gi")
	vm := &v1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default", ResourceVersion: "7", Generation: 3, Finalizers: []string{v1.VirtualMachineFinalizer}},
		Spec:       v1.VirtualMachineSpec{RunStrategy: &halted, Template: &v1.VirtualMachineInstanceTemplateSpec{}},
		Status:     v1.VirtualMachineStatus{PrintableStatus: v1.VirtualMachineStatusStopped},
	}
	vm.Spec.Template.Spec.Domain.Memory = &v1.Memory{Guest: &guest}
	return vm
}

func TestCreateDropsTheStatusAndSetsTheFinalizer(t *testing.T) {
	vm := stored()
	vm.Finalizers = []string{"example.com/other"}
	vm.Status = v1.VirtualMachineStatus{Created: true, Ready: true, PrintableStatus: v1.VirtualMachineStatusRunning}
	strategy{}.PrepareForCreate(t.Context(), vm)
	if vm.Generation != 1 {
		t.Errorf("generation %d, want 1", vm.Generation)
	}
	if diff := cmp.Diff(v1.VirtualMachineStatus{PrintableStatus: v1.VirtualMachineStatusStopped}, vm.Status); diff != "" {
		t.Errorf("status (- want, + got):\n%s", diff)
	}
	want := []string{"example.com/other", v1.VirtualMachineFinalizer}
	if !slices.Equal(vm.Finalizers, want) {
		t.Errorf("finalizers %v, want %v", vm.Finalizers, want)
	}
	strategy{}.PrepareForCreate(t.Context(), vm)
	if !slices.Equal(vm.Finalizers, want) {
		t.Errorf("finalizers of a manifest that has it: %v, want %v", vm.Finalizers, want)
	}
}

func TestGenerationFollowsTheSpec(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*v1.VirtualMachine)
		want   int64
	}{
		{"nothing", func(*v1.VirtualMachine) {}, 3},
		{"label", func(vm *v1.VirtualMachine) { vm.Labels = map[string]string{"a": "b"} }, 3},
		{"status", func(vm *v1.VirtualMachine) { vm.Status.Created = true }, 3},
		{"the same memory in another unit", func(vm *v1.VirtualMachine) {
			q := resource.MustParse("1024Mi")
			vm.Spec.Template.Spec.Domain.Memory.Guest = &q
		}, 3},
		{"template", func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Hostname = "web" }, 4},
		{"run strategy", func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyAlways }, 4},
	} {
		old := stored()
		vm := old.DeepCopy()
		c.change(vm)
		strategy{}.PrepareForUpdate(t.Context(), vm, old)
		if vm.Generation != c.want {
			t.Errorf("%s: generation %d, want %d", c.name, vm.Generation, c.want)
		}
		if diff := cmp.Diff(old.Status, vm.Status); diff != "" {
			t.Errorf("%s: the main resource wrote the status:\n%s", c.name, diff)
		}
	}
}

func TestStatusChangesTheStatusAlone(t *testing.T) {
	old := stored()
	vm := old.DeepCopy()
	vm.Spec.Template.Spec.Hostname = "web"
	vm.Labels, vm.Finalizers, vm.Generation = map[string]string{"a": "b"}, nil, 9
	vm.Status.Created = true
	vm.ResourceVersion = "8"
	vm.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "controller"}}
	statusRules(strategy{}).PrepareForUpdate(t.Context(), vm, old)

	want := old.DeepCopy()
	want.Status.Created = true
	want.ResourceVersion, want.ManagedFields = "8", []metav1.ManagedFieldsEntry{{Manager: "controller"}}
	if diff := cmp.Diff(want, vm); diff != "" {
		t.Errorf("after a write of the status (- want, + got):\n%s", diff)
	}
}

func TestTable(t *testing.T) {
	up := stored()
	up.CreationTimestamp = metav1.NewTime(time.Now().Add(-90 * time.Minute))
	up.Status = v1.VirtualMachineStatus{
		PrintableStatus: v1.VirtualMachineStatusRunning,
		Conditions: []v1.VirtualMachineCondition{
			{Type: v1.VirtualMachineReady, Status: v1.ConditionTrue}, {Type: v1.VirtualMachineRestartRequired, Status: v1.ConditionTrue},
		},
	}
	list := &v1.VirtualMachineList{ListMeta: metav1.ListMeta{ResourceVersion: "42", Continue: "more"}, Items: []v1.VirtualMachine{*up, *stored()}}
	got, err := table.ConvertToTable(t.Context(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.ResourceVersion != "42" || got.Continue != "more" {
		t.Errorf("list metadata %+v", got.ListMeta)
	}
	var columns []string
	for _, c := range got.ColumnDefinitions {
		columns = append(columns, c.Name)
	}
	if want := []string{"Name", "Age", "Status", "Ready", "RunStrategy", "Restart-Required"}; !slices.Equal(columns, want) {
		t.Errorf("columns %v, want %v", columns, want)
	}
	for i, want := range [][]any{{"demo", "90m", "Running", "True", "Halted", "True"}, {"demo", "<unknown>", "Stopped", "", "Halted", ""}} {
		if diff := cmp.Diff(want, got.Rows[i].Cells); diff != "" {
			t.Errorf("row %d (- want, + got):\n%s", i, diff)
		}
	}

	one, err := table.ConvertToTable(t.Context(), up, &metav1.TableOptions{NoHeaders: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(one.ColumnDefinitions) != 0 || len(one.Rows) != 1 || one.ResourceVersion != "7" {
		t.Errorf("one object without headers: %+v", one)
	}
	if _, err := table.ConvertToTable(t.Context(), &v1.VirtualMachineInstanceList{Items: make([]v1.VirtualMachineInstance, 1)}, nil); err == nil {
		t.Error("another kind was printed as a virtual machine")
	}
}

func TestAttributes(t *testing.T) {
	vm := stored()
	vm.Labels = map[string]string{"a": "b"}
	labels, fields, err := attributes(vm)
	if err != nil {
		t.Fatal(err)
	}
	if labels["a"] != "b" || fields["metadata.name"] != "demo" || fields["metadata.namespace"] != "default" {
		t.Errorf("labels %v, fields %v", labels, fields)
	}
	if _, _, err := attributes(runtime.Object(&v1.VirtualMachineInstance{})); err == nil {
		t.Error("another kind has attributes of a virtual machine")
	}
}
