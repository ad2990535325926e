// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metatable "k8s.io/apimachinery/pkg/api/meta/table"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Table prints objects of one kind, T being a pointer to it.
type Table[T runtime.Object] struct {
	Columns []metav1.TableColumnDefinition
	// Row returns the cells of an object in the order of the columns.
	Row func(obj T, name, age string) []any
}

// Name is the first column of every table; what says whose name it is.
func Name(what string) metav1.TableColumnDefinition {
	return metav1.TableColumnDefinition{Name: "Name", Type: "string", Format: "name", Description: "Name of the " + what}
}

// Age is the column of the time since what was created.
func Age(what string) metav1.TableColumnDefinition {
	return Column("Age", "Time since the "+what+" was created")
}

// Column is a column of text.
func Column(name, description string) metav1.TableColumnDefinition {
	return metav1.TableColumnDefinition{Name: name, Type: "string", Description: description}
}

// Wide is a column of text that `kubectl get -o wide` shows.
func Wide(name, description string) metav1.TableColumnDefinition {
	column := Column(name, description)
	column.Priority = 1
	return column
}

// ConvertToTable prints an object or a list of them.
func (t Table[T]) ConvertToTable(_ context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	table := &metav1.Table{}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		table.ColumnDefinitions = t.Columns
	}
	if m, err := meta.ListAccessor(obj); err == nil {
		table.ResourceVersion, table.Continue, table.RemainingItemCount = m.GetResourceVersion(), m.GetContinue(), m.GetRemainingItemCount()
	} else if m, err := meta.CommonAccessor(obj); err == nil {
		table.ResourceVersion = m.GetResourceVersion()
	}
	rows, err := metatable.MetaToTableRow(obj, func(obj runtime.Object, _ metav1.Object, name, age string) ([]any, error) {
		typed, ok := obj.(T)
		if !ok {
			return nil, fmt.Errorf("print a row: got a %T", obj)
		}
		return t.Row(typed, name, age), nil
	})
	table.Rows = rows
	return table, err
}
