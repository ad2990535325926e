// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Object is a pointer to an object of a kind.
type Object[T any] interface {
	*T
	runtime.Object
	metav1.Object
	DeepCopyInto(*T)
}

// StatusStrategy lets a status subresource change the status alone. Its base is the strategy of the
// main resource.
type StatusStrategy[T any, P Object[T]] struct {
	rest.RESTUpdateStrategy
	version schema.GroupVersion
	set     func(obj, written P)
}

// NewStatusStrategy returns the rules of a status subresource; set copies the status that was written
// into obj, which is otherwise as stored, and adds to obj what follows from it.
func NewStatusStrategy[T any, P Object[T]](base rest.RESTUpdateStrategy, version schema.GroupVersion, set func(obj, written P)) StatusStrategy[T, P] {
	return StatusStrategy[T, P]{base, version, set}
}

// PrepareForUpdate drops all of a write but the status.
func (s StatusStrategy[T, P]) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	after, before := obj.(P), old.(P)
	written := *after
	before.DeepCopyInto(after)
	s.set(after, &written)
	after.SetManagedFields(P(&written).GetManagedFields())
	after.SetResourceVersion(P(&written).GetResourceVersion())
}

// ValidateUpdate accepts every status: only components of the system may write it.
func (StatusStrategy[T, P]) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}

// WarningsOnUpdate returns none: the spec, which others may be warned of, does not change.
func (StatusStrategy[T, P]) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// GetResetFields tells server-side apply that a spec is not applied through the status.
func (s StatusStrategy[T, P]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return ResetFields(s.version, "spec")
}
