// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metatable "k8s.io/apimachinery/pkg/api/meta/table"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: "Name of the instance"},
	{Name: "Age", Type: "string", Description: "Time since the instance was created"},
	{Name: "Phase", Type: "string", Description: "Step of the instance's life"},
	{Name: "IP", Type: "string", Description: "First address of the guest"},
	{Name: "NodeName", Type: "string", Description: "Node that runs the guest"},
	{Name: "Ready", Type: "string", Description: "Whether the guest runs and is ready"},
	{Name: "Live-Migratable", Type: "string", Priority: 1, Description: "Whether the guest can move to another node while it runs"},
	{Name: "Paused", Type: "string", Priority: 1, Description: "Whether the guest's CPUs are stopped"},
}

// table prints instances.
type table struct{}

func (table) ConvertToTable(_ context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	t := &metav1.Table{}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		t.ColumnDefinitions = columns
	}
	if m, err := meta.ListAccessor(obj); err == nil {
		t.ResourceVersion, t.Continue, t.RemainingItemCount = m.GetResourceVersion(), m.GetContinue(), m.GetRemainingItemCount()
	} else if m, err := meta.CommonAccessor(obj); err == nil {
		t.ResourceVersion = m.GetResourceVersion()
	}
	rows, err := metatable.MetaToTableRow(obj, func(obj runtime.Object, _ metav1.Object, name, _ string) ([]any, error) {
		vmi, ok := obj.(*v1.VirtualMachineInstance)
		if !ok {
			return nil, fmt.Errorf("%T is not a VirtualMachineInstance", obj)
		}
		ip := ""
		if len(vmi.Status.Interfaces) > 0 {
			ip = vmi.Status.Interfaces[0].IP
		}
		return []any{
			name, age(vmi.CreationTimestamp), string(vmi.Status.Phase), ip, vmi.Status.NodeName,
			condition(vmi, v1.VirtualMachineInstanceReady), condition(vmi, "LiveMigratable"), condition(vmi, v1.VirtualMachineInstancePaused),
		}, nil
	})
	t.Rows = rows
	return t, err
}

func condition(vmi *v1.VirtualMachineInstance, t v1.VirtualMachineInstanceConditionType) string {
	if c := vmi.Condition(t); c != nil {
		return string(c.Status)
	}
	return ""
}

func age(created metav1.Time) string {
	if created.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(time.Since(created.Time))
}
