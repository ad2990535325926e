// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package quantityguard

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// FuzzWhatPassesIsCheap holds the guard against the decoders: no text that they find in a body that passes takes long to parse.
func FuzzWhatPassesIsCheap(f *testing.F) {
	for _, seed := range []string{
		`{"a":"1e-9999"}`, `{"a":1e-9999}`, `["1e-999"]`, `{"a":"1e9999999999"}`, "a: 1e-9999", "a: \"1e-\\\n 9999\"", "a: !!binary MWUtOTk5OTk=",
		`{"a":"\u0031e-9999"}`, "k8s\x00\x0a\x071e-9999", "- 1E4294967296", `{"a":"+.5e+4294967296"}`, "{", "\xff\xfea\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if bytes.HasPrefix(body, protobufPrefix) || check(body, loose) != nil {
			return
		}
		var found any
		if json.Unmarshal(body, &found) != nil && yaml.Unmarshal(body, &found) != nil {
			return
		}
		parse(t, found)
	})
}

func parse(t *testing.T, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if key != "metadata" {
				parse(t, inner)
			}
		}
	case []any:
		for _, inner := range v {
			parse(t, inner)
		}
	case string:
		quoted, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		var q resource.Quantity
		_ = q.UnmarshalJSON(quoted) // most texts are no quantities
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%q took %s", v, took)
		}
	}
}
