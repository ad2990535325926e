// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// refPrefix begins a reference to a schema of the same document.
const refPrefix = "#/components/schemas/"

// keptKeywords are those that the schema of a custom resource may have and that carry over unchanged.
// Defaults are not among them: generated documents say {} and "" for what is simply absent.
var keptKeywords = []string{
	"description", "type", "format", "enum", "required", "nullable", "pattern", "minimum", "maximum", "minLength", "maxLength",
	"minItems", "maxItems", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
}

// document is as much of a published OpenAPI v3 document as a schema needs.
type document struct {
	Components struct {
		Schemas map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

// structuralSchema makes the schema of a custom resource out of the OpenAPI v3 document of an API group:
// references resolved, lists with their merge keys, quantities as integer or string.
func structuralSchema(openapi []byte, kind schema.GroupVersionKind) (map[string]any, error) {
	var d document
	if err := json.Unmarshal(openapi, &d); err != nil {
		return nil, fail("read OpenAPI document", err)
	}
	for name, s := range d.Components.Schemas {
		if !isKind(s, kind) {
			continue
		}
		root, err := d.convert(s, []string{name})
		if err != nil {
			return nil, fmt.Errorf("convert schema of %s: %w", kind.Kind, err)
		}
		// The server has a schema of its own for the metadata of the object itself.
		root["properties"].(map[string]any)["metadata"] = map[string]any{"type": "object"}
		return root, nil
	}
	return nil, fmt.Errorf("read OpenAPI document: it has no %s", kind)
}

func isKind(s map[string]any, kind schema.GroupVersionKind) bool {
	kinds, _ := s["x-kubernetes-group-version-kind"].([]any)
	return slices.ContainsFunc(kinds, func(k any) bool {
		m, _ := k.(map[string]any)
		return m["group"] == kind.Group && m["version"] == kind.Version && m["kind"] == kind.Kind
	})
}

// convert returns a schema in structural form; path holds the names of the schemas around it.
func (d document) convert(s map[string]any, path []string) (map[string]any, error) {
	if name, inner, err := d.resolve(s); err != nil {
		return nil, err
	} else if inner != nil {
		return d.convertReference(s, name, inner, path)
	}
	if _, either := s["oneOf"]; either {
		return withDescription(map[string]any{"x-kubernetes-int-or-string": true}, s), nil
	}
	out := map[string]any{}
	for _, keyword := range keptKeywords {
		if value, ok := s[keyword]; ok {
			out[keyword] = value
		}
	}
	if out["type"] == nil {
		return withDescription(map[string]any{"x-kubernetes-preserve-unknown-fields": true}, s), nil
	}
	if properties, ok := s["properties"].(map[string]any); ok {
		converted := map[string]any{}
		for name, p := range properties {
			c, err := d.convert(p.(map[string]any), path)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			converted[name] = c
		}
		out["properties"] = converted
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		inner, ok := s[keyword].(map[string]any)
		if !ok {
			continue
		}
		c, err := d.convert(inner, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", keyword, err)
		}
		out[keyword] = c
	}
	requireKeys(out)
	return out, nil
}

// resolve returns the schema that s is a reference to, which documents write plain or as the only part of an allOf.
func (d document) resolve(s map[string]any) (string, map[string]any, error) {
	ref, _ := s["$ref"].(string)
	if parts, ok := s["allOf"].([]any); ok {
		if len(parts) != 1 {
			return "", nil, fmt.Errorf("allOf has %d parts; only one is understood", len(parts))
		}
		ref, _ = parts[0].(map[string]any)["$ref"].(string)
	}
	if ref == "" {
		return "", nil, nil
	}
	name := strings.TrimPrefix(ref, refPrefix)
	inner, ok := d.Components.Schemas[name]
	if !ok {
		return "", nil, fmt.Errorf("no schema %s", ref)
	}
	return name, inner, nil
}

func (d document) convertReference(s map[string]any, name string, inner map[string]any, path []string) (map[string]any, error) {
	if slices.Contains(path, name) {
		return nil, fmt.Errorf("%s contains itself, which no structural schema can say", name)
	}
	short := name[strings.LastIndex(name, ".")+1:]
	// Metadata of a template and raw JSON have no schema in custom resources.
	if short == "ObjectMeta" || short == "RawExtension" || short == "FieldsV1" {
		return withDescription(map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}, s), nil
	}
	out, err := d.convert(inner, append(slices.Clone(path), name))
	if err != nil {
		return nil, err
	}
	return withDescription(out, s), nil
}

// withDescription gives a schema the description of the field, which tells more than that of its type.
func withDescription(out, field map[string]any) map[string]any {
	if text, ok := field["description"]; ok {
		out["description"] = text
	}
	return out
}

// requireKeys makes the merge keys of a list required in its items, without which no custom resource may have them.
func requireKeys(s map[string]any) {
	keys, _ := s["x-kubernetes-list-map-keys"].([]any)
	items, ok := s["items"].(map[string]any)
	if !ok || len(keys) == 0 {
		return
	}
	required, _ := items["required"].([]any)
	required = slices.Clone(required)
	for _, key := range keys {
		if !slices.Contains(required, key) {
			required = append(required, key)
		}
	}
	items["required"] = required
}
