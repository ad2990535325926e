// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var thing = schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Thing"}

// openapi returns a document with one kind and the schemas beside it.
func openapi(spec, others string) []byte {
	return []byte(`{"components":{"schemas":{"com.example.v1.Thing":{"type":"object",
		"x-kubernetes-group-version-kind":[{"group":"example.com","version":"v1","kind":"Thing"}],
		"properties":{"metadata":{"$ref":"#/components/schemas/meta.v1.ObjectMeta"},"spec":` + spec + `}},
		"meta.v1.ObjectMeta":{"type":"object"}` + others + `}}}`)
}

func TestStructuralSchema(t *testing.T) {
	for _, c := range []struct{ name, spec, others, want string }{
		{"a reference brings its type, the field its description",
			`{"description":"of the field","default":{},"allOf":[{"$ref":"#/components/schemas/Spec"}]}`,
			`,"Spec":{"type":"object","description":"of the type","properties":{"size":{"type":"integer","format":"int32","default":0}},"required":["size"]}`,
			`{"type":"object","description":"of the field","properties":{"size":{"type":"integer","format":"int32"}},"required":["size"]}`},
		{"a quantity", `{"$ref":"#/components/schemas/Quantity"}`, `,"Quantity":{"oneOf":[{"type":"string"},{"type":"number"}]}`,
			`{"x-kubernetes-int-or-string":true}`},
		{"the keys of a list are required in its items, those of a patch are dropped",
			`{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name","port"],"x-kubernetes-patch-merge-key":"name",
			 "items":{"default":{},"allOf":[{"$ref":"#/components/schemas/Item"}]}}`,
			`,"Item":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"port":{"type":"integer"}}}`,
			`{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name","port"],
			 "items":{"type":"object","required":["name","port"],"properties":{"name":{"type":"string"},"port":{"type":"integer"}}}}`},
		{"metadata of a template", `{"type":"object","properties":{"metadata":{"$ref":"#/components/schemas/meta.v1.ObjectMeta"}}}`, "",
			`{"type":"object","properties":{"metadata":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}`},
		{"a map", `{"type":"object","additionalProperties":{"type":"string","default":""}}`, "",
			`{"type":"object","additionalProperties":{"type":"string"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := structuralSchema(openapi(c.spec, c.others), thing)
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(`{"type":"object","properties":{"metadata":{"type":"object"},"spec":`+c.want+`}}`), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStructuralSchemaRefusesWhatItCannotSay(t *testing.T) {
	for _, c := range []struct{ name, spec, others, want string }{
		{"recursion", `{"$ref":"#/components/schemas/Node"}`,
			`,"Node":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/Node"}}}`, "spec: next: Node contains itself"},
		{"dangling reference", `{"$ref":"#/components/schemas/Nothing"}`, "", "no schema #/components/schemas/Nothing"},
		{"two parts", `{"allOf":[{"type":"object"},{"type":"object"}]}`, "", "allOf has 2 parts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := structuralSchema(openapi(c.spec, c.others), thing); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
	if _, err := structuralSchema(openapi(`{"type":"object"}`, ""), thing.GroupVersion().WithKind("Other")); err == nil {
		t.Error("a kind that is not in the document has a schema")
	}
}
