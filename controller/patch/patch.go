// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package patch makes JSON patches that fail rather than change another object than the one that was looked at.
package patch

import (
	"encoding/json"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Patch is a JSON patch (RFC 6902).
type Patch struct{ operations []operation }

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// New returns an empty patch.
func New() *Patch { return &Patch{} }

// Test lets the whole patch fail when the field has another value.
func (p *Patch) Test(path string, value any) *Patch { return p.op("test", path, value) }

// Replace sets a field that exists.
func (p *Patch) Replace(path string, value any) *Patch { return p.op("replace", path, value) }

// Add sets a field, whether it exists or not.
func (p *Patch) Add(path string, value any) *Patch { return p.op("add", path, value) }

func (p *Patch) op(op, path string, value any) *Patch {
	p.operations = append(p.operations, operation{op, path, value})
	return p
}

// Bytes returns the patch as JSON. All values are strings, booleans or lists of them.
func (p *Patch) Bytes() []byte {
	body, err := json.Marshal(p.operations)
	if err != nil {
		panic(err) // not possible for such values
	}
	return body
}

// RemoveFinalizer returns the patch that takes the finalizer off the object. It does not depend on
// the object's version, so that a status written meanwhile does not get in its way.
func RemoveFinalizer(obj metav1.Object, finalizer string) []byte {
	left := slices.DeleteFunc(slices.Clone(obj.GetFinalizers()), func(f string) bool { return f == finalizer })
	return New().
		Test("/metadata/uid", obj.GetUID()).
		Test("/metadata/finalizers", obj.GetFinalizers()).
		Replace("/metadata/finalizers", left).
		Bytes()
}
