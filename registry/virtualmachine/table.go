// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

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
	{Name: "Name", Type: "string", Format: "name", Description: "Name of the virtual machine"},
	{Name: "Age", Type: "string", Description: "Time since the virtual machine was created"},
	{Name: "Status", Type: "string", Description: "What the virtual machine does"},
	{Name: "Ready", Type: "string", Description: "Whether the guest runs and is ready"},
}

// table prints virtual machines.
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
		vm, ok := obj.(*v1.VirtualMachine)
		if !ok {
			return nil, fmt.Errorf("%T is not a VirtualMachine", obj)
		}
		return []any{name, age(vm.CreationTimestamp), status(vm), ready(vm)}, nil
	})
	t.Rows = rows
	return t, err
}

// status says Terminating as soon as the deletion is asked for; the controller writes it only when it takes long.
func status(vm *v1.VirtualMachine) string {
	if vm.DeletionTimestamp != nil {
		return string(v1.VirtualMachineStatusTerminating)
	}
	return string(vm.Status.PrintableStatus)
}

func ready(vm *v1.VirtualMachine) string {
	if c := vm.Condition(v1.VirtualMachineReady); c != nil {
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
