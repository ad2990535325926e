// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// getTable asks for a table as kubectl does.
func getTable(t *testing.T, path string) *metav1.Table {
	t.Helper()
	a := call(t, cluster.direct, http.MethodGet, path, "", map[string]string{"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})
	table := &metav1.Table{}
	if err := json.Unmarshal([]byte(a.body), table); err != nil || table.Kind != "Table" {
		t.Fatalf("%d %s", a.code, a.body)
	}
	return table
}

func columnNames(table *metav1.Table) []string {
	var out []string
	for _, c := range table.ColumnDefinitions {
		name := c.Name
		if c.Priority > 0 {
			name += " (wide)"
		}
		out = append(out, name)
	}
	return out
}

func TestTables(t *testing.T) {
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	vm.Status.PrintableStatus = v1.VirtualMachineStatusRunning
	vm.Status.Conditions = []v1.VirtualMachineCondition{{Type: v1.VirtualMachineReady, Status: v1.ConditionTrue}}
	must(machines(ns).UpdateStatus(t.Context(), vm, metav1.UpdateOptions{}))(t)
	setPhase(t, createVMI(t, ns, newVMI("demo")), v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName = "node1"
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{IP: "198.51.100.7"}}
		vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{
			{Type: v1.VirtualMachineInstanceReady, Status: v1.ConditionTrue}, {Type: v1.VirtualMachineInstancePaused, Status: v1.ConditionFalse},
		}
	})
	for _, c := range []struct {
		resource string
		columns  []string
		cells    []any
	}{
		{"virtualmachines", []string{"Name", "Age", "Status", "Ready", "RunStrategy (wide)", "Restart-Required (wide)"},
			[]any{"demo", nil, "Running", "True", "Halted", ""}},
		{"virtualmachineinstances", []string{"Name", "Age", "Phase", "IP", "NodeName", "Ready", "Live-Migratable (wide)", "Paused (wide)",
			"CPUs (wide)", "Memory (wide)", "Guest (wide)"}, []any{"demo", nil, "Running", "198.51.100.7", "node1", "True", "", "False", "", "", ""}},
	} {
		for _, name := range []string{"", "demo"} {
			table := getTable(t, pathOf("kubevirt.io", ns, c.resource, name))
			if got := columnNames(table); !slices.Equal(got, c.columns) {
				t.Errorf("%s: columns %v, want %v", c.resource, got, c.columns)
			}
			if len(table.Rows) != 1 || table.ResourceVersion == "" {
				t.Fatalf("%s: %d rows of version %q", c.resource, len(table.Rows), table.ResourceVersion)
			}
			cells := table.Rows[0].Cells
			if age, ok := cells[1].(string); !ok || age == "" || age == "<unknown>" {
				t.Errorf("%s: age %v", c.resource, cells[1])
			}
			cells[1] = nil
			if diff := cmp.Diff(c.cells, cells); diff != "" {
				t.Errorf("%s (- want, + got):\n%s", c.resource, diff)
			}
			// The object in a row tells kubectl what the row is about.
			row := &metav1.PartialObjectMetadata{}
			if err := json.Unmarshal(table.Rows[0].Object.Raw, row); err != nil || row.Name != "demo" || row.Kind != "PartialObjectMetadata" {
				t.Errorf("%s: object of the row %s", c.resource, table.Rows[0].Object.Raw)
			}
		}
	}
	limited := getTable(t, pathOf("kubevirt.io", ns, "virtualmachines", "")+"?limit=1")
	if limited.Continue != "" || len(limited.Rows) != 1 {
		t.Errorf("a table of one row: %+v", limited.ListMeta)
	}
}
