// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// statusStrategy lets the status subresource change the status alone.
type statusStrategy struct{ strategy }

func (statusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return resetFields("spec")
}

func (statusStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	vmi, before := obj.(*v1.VirtualMachineInstance), old.(*v1.VirtualMachineInstance)
	status, meta := vmi.Status, vmi.ObjectMeta
	before.DeepCopyInto(vmi)
	vmi.Status = status
	vmi.ManagedFields = meta.ManagedFields
	vmi.ResourceVersion = meta.ResourceVersion
	labelNode(vmi)
	if vmi.DeletionTimestamp != nil && vmi.IsFinal() {
		// Its guest has ended, which is all that the finalizer waits for: the instance goes with this write.
		vmi.Finalizers = slices.DeleteFunc(vmi.Finalizers, func(f string) bool { return f == v1.VirtualMachineInstanceFinalizer })
	}
}

// labelNode keeps the label by which clients select the instances of a node equal to the status.
func labelNode(vmi *v1.VirtualMachineInstance) {
	node := vmi.Status.NodeName
	if len(validation.IsValidLabelValue(node)) > 0 {
		node = "" // names of nodes may be longer than values of labels
	}
	switch {
	case node == "":
		delete(vmi.Labels, v1.NodeNameLabel)
	case vmi.Labels == nil:
		vmi.Labels = map[string]string{v1.NodeNameLabel: node}
	default:
		vmi.Labels[v1.NodeNameLabel] = node
	}
}

func (statusStrategy) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}

// StatusREST serves virtualmachineinstances/status.
type StatusREST struct {
	store   *genericregistry.Store
	writers Writers
}

var _ rest.Patcher = &StatusREST{}

// New returns an empty VirtualMachineInstance.
func (r *StatusREST) New() runtime.Object { return &v1.VirtualMachineInstance{} }

// Destroy does nothing: the main storage owns the store.
func (r *StatusREST) Destroy() {}

// Get returns the VirtualMachineInstance, which patches need.
func (r *StatusREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, options)
}

// Update changes the status of an instance, as far as the caller may.
func (r *StatusREST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo,
	createValidation rest.ValidateObjectFunc, updateValidation rest.ValidateObjectUpdateFunc,
	_ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	authorized := rest.WrapUpdatedObjectInfo(info, func(ctx context.Context, obj, old runtime.Object) (runtime.Object, error) {
		vmi, before := obj.(*v1.VirtualMachineInstance), old.(*v1.VirtualMachineInstance)
		if err := r.writers.authorize(ctx, vmi, before); err != nil {
			return nil, err
		}
		return vmi, nil
	})
	return r.store.Update(ctx, name, authorized, createValidation, updateValidation, false, options)
}

// GetResetFields tells server-side apply which fields the subresource ignores.
func (r *StatusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}

// ConvertToTable prints a VirtualMachineInstance.
func (r *StatusREST) ConvertToTable(ctx context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, obj, options)
}
