// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// fields is an object, or a part of one, of an API whose types are not here.
type fields map[string]any

// set sets a field unless its value says nothing.
func (f fields) set(name, value string) {
	if value != "" {
		f[name] = value
	}
}

// object returns an object of an API; namespace is empty for one that has none, or has not been given any.
func object(apiVersion, kind, name, namespace string, spec fields) (fields, error) {
	if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
		return nil, fmt.Errorf("--name=%s: %s", name, strings.Join(problems, ", "))
	}
	metadata := fields{"name": name}
	metadata.set("namespace", namespace)
	return fields{"apiVersion": apiVersion, "kind": kind, "metadata": metadata, "spec": spec}, nil
}
