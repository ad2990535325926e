// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// beside joins the fields that are refused and the other problems. What is wrong inside of a refused field is of no
// interest to somebody who has to remove the field.
func beside(refused, others field.ErrorList) field.ErrorList {
	if len(refused) == 0 {
		return others
	}
	gone := make(map[string]bool, len(refused))
	for _, err := range refused {
		gone[err.Field] = true
	}
	errs := refused
	for _, err := range others {
		if !within(gone, err.Field) {
			errs = append(errs, err)
		}
	}
	return errs
}

// within tells that a path or one that it begins with is among paths.
func within(paths map[string]bool, path string) bool {
	for path != "" {
		if paths[path] {
			return true
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return false
}
