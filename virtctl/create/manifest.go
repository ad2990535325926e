// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

// YAML returns an object as people write it: without status, and without metadata that says nothing. Its keys are in
// the order of the alphabet.
func YAML(object any) ([]byte, error) {
	encoded, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	var fields map[string]any
	if err := json.Unmarshal(encoded, &fields); err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	delete(fields, "status")
	tidy(fields)
	manifest, err := yaml.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return manifest, nil
}

// tidy takes away what is null, and metadata that is left empty.
func tidy(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			tidy(below)
			if fields, isMap := below.(map[string]any); below == nil || key == "metadata" && isMap && len(fields) == 0 {
				delete(v, key)
			}
		}
	case []any:
		for _, below := range v {
			tidy(below)
		}
	}
}
