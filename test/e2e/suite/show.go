// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"encoding/json"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
)

// show gives an object for people, without what only machines read.
func show(object any) string {
	if object == nil || reflect.ValueOf(object).Kind() == reflect.Pointer && reflect.ValueOf(object).IsNil() {
		return "not there"
	}
	if o, ok := object.(runtime.Object); ok {
		shown := o.DeepCopyObject()
		if accessor, err := meta.Accessor(shown); err == nil {
			accessor.SetManagedFields(nil)
		}
		object = shown
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return fmt.Sprint(object)
	}
	return string(raw)
}
