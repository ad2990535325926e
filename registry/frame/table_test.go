// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var printer = Table[*v1.VirtualMachine]{
	Columns: []metav1.TableColumnDefinition{Name("machine"), Age("machine"), Wide("Status", "What it does")},
	Row: func(vm *v1.VirtualMachine, name, age string) []any {
		return []any{name, age, vm.Status.PrintableStatus}
	},
}

func TestATablePrintsObjectsAndLists(t *testing.T) {
	remaining := int64(5)
	one := v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "one", ResourceVersion: "3"}}
	one.Status.PrintableStatus = v1.VirtualMachineStatusRunning
	list := &v1.VirtualMachineList{
		ListMeta: metav1.ListMeta{ResourceVersion: "9", Continue: "token", RemainingItemCount: &remaining},
		Items:    []v1.VirtualMachine{one, {ObjectMeta: metav1.ObjectMeta{Name: "two"}}},
	}
	table, err := printer.ConvertToTable(t.Context(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if table.ResourceVersion != "9" || table.Continue != "token" || table.RemainingItemCount != &remaining {
		t.Errorf("metadata of the list: %+v", table.ListMeta)
	}
	var cells [][]any
	for _, row := range table.Rows {
		cells = append(cells, row.Cells)
	}
	want := [][]any{{"one", "<unknown>", v1.VirtualMachineStatusRunning}, {"two", "<unknown>", v1.VirtualMachinePrintableStatus("")}}
	if diff := cmp.Diff(want, cells); diff != "" {
		t.Errorf("cells (- want, + got):\n%s", diff)
	}
	if c := table.ColumnDefinitions; len(c) != 3 || c[0].Format != "name" || c[1].Priority != 0 || c[2].Priority != 1 {
		t.Errorf("columns %+v", c)
	}

	single, err := printer.ConvertToTable(t.Context(), &one, &metav1.TableOptions{NoHeaders: true})
	if err != nil || len(single.Rows) != 1 || single.ResourceVersion != "3" || single.ColumnDefinitions != nil {
		t.Errorf("one object without headers: %+v, %v", single, err)
	}
	if _, err := printer.ConvertToTable(t.Context(), &v1.VirtualMachineInstance{}, nil); err == nil {
		t.Error("an object of another kind was printed")
	}
}
