// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
)

// REST serves virtualmachineinstances.
type REST struct {
	*genericregistry.Store
	writers Writers
}

// ShortNames are vmi and vmis.
func (*REST) ShortNames() []string { return []string{"vmi", "vmis"} }

// Categories puts instances into "all".
func (*REST) Categories() []string { return []string{"all"} }

// Create makes an instance for who may own one.
func (r *REST) Create(ctx context.Context, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	if err := r.writers.owner(ctx, ""); err != nil {
		return nil, err
	}
	return r.Store.Create(ctx, obj, validate, options)
}

// Update changes an instance for who may own it; patches come here, too.
func (r *REST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, forceAllowCreate bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	if err := r.writers.owner(ctx, name); err != nil {
		return nil, false, err
	}
	return r.Store.Update(ctx, name, info, createValidation, updateValidation, forceAllowCreate, options)
}

// Delete deletes an instance for who may own it.
func (r *REST) Delete(ctx context.Context, name string, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, bool, error) {
	if err := r.writers.owner(ctx, name); err != nil {
		return nil, false, err
	}
	return r.Store.Delete(ctx, name, validate, options)
}

// DeleteCollection deletes instances for who may own them.
func (r *REST) DeleteCollection(ctx context.Context, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions, list *internalversion.ListOptions) (runtime.Object, error) {
	if err := r.writers.owner(ctx, ""); err != nil {
		return nil, err
	}
	return r.Store.DeleteCollection(ctx, validate, options, list)
}
