// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// customGroup holds the custom resource beside the aggregated one.
	customGroup = "crd.kubevirt.io"
	// customPatience is how long a document or a resource may take to be served.
	customPatience = 60 * time.Second
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// createCustomResource makes VirtualMachine a custom resource of another group, with the schema that
// virt-apiserver publishes, and returns when it is served.
func createCustomResource(ctx context.Context, config *rest.Config) error {
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fail("make client", err)
	}
	// kube-apiserver fetches the document of an aggregated server some time after it began to forward to it.
	var openapi []byte
	if err := await(ctx, "OpenAPI document", func() (err error) {
		openapi, err = core.CoreV1().RESTClient().Get().AbsPath("/openapi/v3/apis/" + v1.SchemeGroupVersion.String()).Do(ctx).Raw()
		return err
	}); err != nil {
		return err
	}
	structural, err := structuralSchema(openapi, v1.SchemeGroupVersion.WithKind("VirtualMachine"))
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fail("make client", err)
	}
	definition := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": definitions.GroupVersion().String(), "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "virtualmachines." + customGroup,
			// The group lies under one that needs approval.
			"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a measurement"}},
		"spec": map[string]any{
			"group": customGroup, "scope": "Namespaced",
			"names": map[string]any{"plural": "virtualmachines", "singular": "virtualmachine", "kind": "VirtualMachine", "listKind": "VirtualMachineList"},
			"versions": []any{map[string]any{
				"name": v1.SchemeGroupVersion.Version, "served": true, "storage": true,
				"schema":       map[string]any{"openAPIV3Schema": structural},
				"subresources": map[string]any{"status": map[string]any{}},
			}},
		},
	}}
	if _, err := client.Resource(definitions).Create(ctx, definition, metav1.CreateOptions{}); err != nil {
		return fail("create custom resource", err)
	}
	return await(ctx, "custom resource", func() error {
		return core.CoreV1().RESTClient().Get().AbsPath("/apis/" + customGroup + "/v1/virtualmachines").Do(ctx).Error()
	})
}

// await returns when do succeeds, or how it failed last.
func await(ctx context.Context, what string, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, customPatience)
	defer cancel()
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
