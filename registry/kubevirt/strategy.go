// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package kubevirt serves the KubeVirt object, which holds the settings of the installation, and keeps them at hand for
// the server itself.
package kubevirt

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// strategy holds the rules of the main resource: administrators write metadata and spec.
type strategy struct {
	frame.Strategy
	// namespace is that of the installation.
	namespace string
}

// GetResetFields tells server-side apply that the status is not applied through the main resource.
func (strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return frame.ResetFields(v1.SchemeGroupVersion, "status")
}

func (strategy) PrepareForCreate(_ context.Context, obj runtime.Object) {
	kv := obj.(*v1.KubeVirt)
	kv.Generation = 1
	kv.Status = v1.KubeVirtStatus{}
}

func (strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	kv, before := obj.(*v1.KubeVirt), old.(*v1.KubeVirt)
	kv.Status = before.Status
	if !equality.Semantic.DeepEqual(kv.Spec, before.Spec) {
		kv.Generation = before.Generation + 1
	}
}

func (s strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return config.Validate(obj.(*v1.KubeVirt), s.namespace)
}

func (strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return config.ValidateUpdate(obj.(*v1.KubeVirt), old.(*v1.KubeVirt))
}

func (strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return config.Warnings(obj.(*v1.KubeVirt), nil)
}

func (strategy) WarningsOnUpdate(_ context.Context, obj, old runtime.Object) []string {
	return config.Warnings(obj.(*v1.KubeVirt), old.(*v1.KubeVirt))
}

// statusRules lets the status subresource change the status alone.
func statusRules(s strategy) rest.UpdateResetFieldsStrategy {
	return frame.NewStatusStrategy(s, v1.SchemeGroupVersion, func(kv, written *v1.KubeVirt) { kv.Status = written.Status })
}
