// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// TestEveryFieldIsUsedOrWarnedOf fails for a field of the API that nobody has decided on.
func TestEveryFieldIsUsedOrWarnedOf(t *testing.T) {
	met := map[string]bool{}
	var visit func(kind reflect.Type, path string)
	visit = func(kind reflect.Type, path string) {
		_, ignored := unused[path]
		read := slices.Contains(used, path)
		if ignored || read {
			met[path] = true
			if ignored && read {
				t.Errorf("spec.%s is both used and unused", path)
			}
			return
		}
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if kind.Kind() != reflect.Struct {
			t.Errorf("spec.%s: nobody has decided whether it is used; add it to fields.go", path)
			return
		}
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			visit(kind.Field(i).Type, strings.TrimPrefix(path+"."+name, "."))
		}
	}
	visit(reflect.TypeFor[v1.KubeVirtSpec](), "")
	for path := range unused {
		if !met[path] {
			t.Errorf("spec.%s is unused and no field", path)
		}
	}
	for _, path := range used {
		if !met[path] {
			t.Errorf("spec.%s is used and no field", path)
		}
	}
}
