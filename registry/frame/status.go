// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Guard tells whether the caller may write a status; nil lets everybody pass whom RBAC lets pass.
type Guard func(ctx context.Context, obj, old runtime.Object) error

// StatusREST serves the status subresource of a kind.
type StatusREST struct {
	store *genericregistry.Store
	guard Guard
}

var (
	_ rest.Patcher             = &StatusREST{}
	_ rest.ResetFieldsStrategy = &StatusREST{}
	_ rest.TableConvertor      = &StatusREST{}
)

// NewStatusREST serves the status of the objects in main by rules.
func NewStatusREST(main *genericregistry.Store, rules rest.UpdateResetFieldsStrategy, guard Guard) *StatusREST {
	store := *main
	store.UpdateStrategy, store.ResetFieldsStrategy = rules, rules
	return &StatusREST{&store, guard}
}

// Store is the store that writes the status.
func (r *StatusREST) Store() *genericregistry.Store { return r.store }

// New returns an empty object of the kind.
func (r *StatusREST) New() runtime.Object { return r.store.New() }

// Destroy does nothing: the main storage owns the store.
func (*StatusREST) Destroy() {}

// Get returns the object, which patches need.
func (r *StatusREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, options)
}

// Update changes the status of an object, as far as the caller may.
func (r *StatusREST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo,
	createValidation rest.ValidateObjectFunc, updateValidation rest.ValidateObjectUpdateFunc,
	_ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	if r.guard != nil {
		info = rest.WrapUpdatedObjectInfo(info, func(ctx context.Context, obj, old runtime.Object) (runtime.Object, error) {
			return obj, r.guard(ctx, obj, old)
		})
	}
	return r.store.Update(ctx, name, info, createValidation, updateValidation, false, options)
}

// GetResetFields tells server-side apply which fields the subresource ignores.
func (r *StatusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}

// ConvertToTable prints an object.
func (r *StatusREST) ConvertToTable(ctx context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, obj, options)
}
