// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package quantityguard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// maxDepth is that of the decoders, which refuse what is nested deeper before they decode any of it.
const maxDepth = 10_000

// checkText refuses a body, JSON or perhaps YAML, by its first value that is a costly quantity. Field names are none, and
// nothing in an object's metadata is: a machine may be called 1e-2024. What a body holds before it turns out to be malformed counts.
func checkText(body []byte, perhapsYAML bool) error {
	complete, err := walk(body)
	if err != nil || complete || !perhapsYAML {
		return err
	}
	// The decoder of the handlers, so that both see the same values; it bounds depth and aliases. YAML's numbers without quotes
	// come out of it as floating-point numbers, which are harmless.
	content, err := yaml.YAMLToJSON(body)
	if err != nil {
		return nil // the handler answers in its own words
	}
	_, err = walk(content)
	return err
}

// level is one array or object around a value.
type level struct {
	object bool
	inKey  bool
	key    string
	index  int
}

// walk reads token by token, which takes no recursion, and tells whether the body is JSON up to its end.
func walk(body []byte) (bool, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var levels []level
	for {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && len(levels) == 0, nil
		}
		var top *level
		if len(levels) > 0 {
			top = &levels[len(levels)-1]
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				if len(levels) == maxDepth {
					return true, nil
				}
				levels = append(levels, level{object: t == '{', inKey: t == '{'})
				continue
			}
			levels = levels[:len(levels)-1]
			top = nil
			if len(levels) > 0 {
				top = &levels[len(levels)-1]
			}
		case string:
			if top != nil && top.inKey {
				top.key, top.inKey = t, false
				continue
			}
			if costly([]byte(t)) && !inMetadata(levels) {
				return true, refuse(pathOf(levels), t)
			}
		case json.Number:
			if costly([]byte(t)) && !inMetadata(levels) {
				return true, refuse(pathOf(levels), t.String())
			}
		}
		if top != nil {
			top.index++
			top.inKey = top.object
		}
	}
}

// inMetadata holds at the top alone: "metadata" may name a resource elsewhere.
func inMetadata(levels []level) bool {
	return len(levels) > 1 && levels[0].object && levels[0].key == "metadata"
}

func pathOf(levels []level) string {
	var b strings.Builder
	for _, l := range levels {
		if b.Len() > maxShown {
			break
		}
		if l.object {
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(l.key)
		} else {
			b.WriteString("[" + strconv.Itoa(l.index) + "]")
		}
	}
	return b.String()
}
