// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Refused returns a problem for each field of an instance's spec, which is at path, that is not accepted.
func Refused(spec *v1.VirtualMachineInstanceSpec, path *field.Path) field.ErrorList {
	return refusals(refusedOfInstances(), reflect.ValueOf(spec).Elem(), path)
}

// RefusedVM returns a problem for each field of a virtual machine's spec, which is at path, that is not accepted.
// It leaves the spec of the template to Refused.
func RefusedVM(spec *v1.VirtualMachineSpec, path *field.Path) field.ErrorList {
	return refusals(refusedOfMachines(), reflect.ValueOf(spec).Elem(), path)
}

var (
	refusedOfInstances = sync.OnceValue(func() *node { return ofInstances((*Rule).refuses) })
	refusedOfMachines  = sync.OnceValue(func() *node { return ofMachines((*Rule).refuses) })
)

// refuses tells that the rule does not accept every value.
func (r *Rule) refuses() bool { return r.Level == LevelRefused || r.Values != nil }

func refusals(n *node, v reflect.Value, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	n.walk(v, &place{path: path}, func(rule *Rule, v reflect.Value, at *place) {
		if err := rule.judge(v, at); err != nil {
			errs = append(errs, err)
		}
	})
	return errs
}

// judge returns the problem of a field's value, or nil.
func (r *Rule) judge(v reflect.Value, at *place) *field.Error {
	if r.Values == nil {
		if asks(v) {
			return field.Forbidden(at.field(), r.Note)
		}
		return nil
	}
	value := r.Unset
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		value = fmt.Sprint(v.Elem())
	} else if v.Kind() != reflect.Pointer && !v.IsZero() {
		value = fmt.Sprint(v)
	}
	if value == "" || slices.Contains(r.Values, value) {
		return nil
	}
	return field.NotSupported(at.field(), value, r.Values)
}

// asks tells that a value asks for something: false, 0, an empty text and what is switched off do not, even where
// they are spelled out.
func asks(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && (v.Elem().Kind() == reflect.Struct && !off(v.Elem()) || asks(v.Elem()))
	case reflect.Slice, reflect.Map:
		return v.Len() > 0
	case reflect.Struct:
		return !v.IsZero() && !off(v)
	}
	return !v.IsZero()
}

// off tells that a struct has a switch which is off.
func off(v reflect.Value) bool {
	enabled, ok := v.Type().FieldByName("Enabled")
	if !ok || enabled.Type != reflect.TypeFor[*bool]() {
		return false
	}
	value := v.FieldByIndex(enabled.Index)
	return !value.IsNil() && !value.Elem().Bool()
}
