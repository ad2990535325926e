// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"fmt"
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Unused returns a warning for each field of an instance's spec, which is at path, that is kept and changes nothing.
func Unused(spec *v1.VirtualMachineInstanceSpec, path *field.Path) []string {
	return warnings(storedOfInstances(), reflect.ValueOf(spec).Elem(), path)
}

// UnusedVM returns a warning for each field of a virtual machine's spec, which is at path, that is kept and changes
// nothing. It leaves the spec of the template to Unused.
func UnusedVM(spec *v1.VirtualMachineSpec, path *field.Path) []string {
	return warnings(storedOfMachines(), reflect.ValueOf(spec).Elem(), path)
}

var (
	storedOfInstances = sync.OnceValue(func() *node { return ofInstances((*Rule).changesNothing) })
	storedOfMachines  = sync.OnceValue(func() *node { return ofMachines((*Rule).changesNothing) })
)

func (r *Rule) changesNothing() bool { return r.Level == LevelStored }

func warnings(n *node, v reflect.Value, path *field.Path) []string {
	var list []string
	n.walk(v, &place{path: path}, func(rule *Rule, v reflect.Value, at *place) {
		if asks(v) {
			list = append(list, fmt.Sprintf("%s: is not used by this version of virtplane: %s", at.field(), rule.Note))
		}
	})
	return list
}
