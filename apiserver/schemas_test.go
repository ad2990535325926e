// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/spec3"

	"github.com/virtplane/virtplane/client/openapi"
)

func TestPoliciesCanTypeEveryKind(t *testing.T) {
	s := ownSchemas{config: genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, openapinamer.NewDefinitionNamer(Scheme))}
	paths, err := s.Paths()
	if err != nil || len(paths) != 2 {
		t.Fatalf("paths %v, error %v", paths, err)
	}
	document, err := paths["apis/kubevirt.io/v1"].Schema("application/json")
	if err != nil {
		t.Fatal(err)
	}
	var parsed spec3.OpenAPI
	if err := json.Unmarshal(document, &parsed); err != nil {
		t.Fatal(err)
	}
	converter, err := managedfields.NewTypeConverter(parsed.Components.Schemas, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"VirtualMachine", "VirtualMachineInstance"} {
		object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "kubevirt.io/v1", "kind": kind, "spec": map[string]any{}}}
		if _, err := converter.ObjectToTyped(object); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		object.Object["spec"] = map[string]any{"nonsense": true}
		if _, err := converter.ObjectToTyped(object); err == nil {
			t.Errorf("%s: the schema takes a field that there is not", kind)
		}
	}
	if _, err := s.Schema("application/x-unknown"); err == nil {
		t.Error("schemas in an unknown encoding")
	}
}
