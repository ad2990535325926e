// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// mostProblems is how many problems one answer names. The time that it takes to put an answer together grows with the
// square of their number: 10,000 bad disks would keep the server busy for many seconds.
const mostProblems = 200

// mostText is how many bytes of a value and of what is said of it an answer shows: either may hold all that was sent.
const mostText = 1024

// atMost leaves out what nobody would read.
func atMost(errs field.ErrorList) field.ErrorList {
	if more := len(errs) - mostProblems; more > 0 {
		errs = append(errs[:mostProblems:mostProblems], field.Forbidden(field.NewPath("spec"),
			fmt.Sprintf("there are %d more problems; correct these first", more)))
	}
	for _, err := range errs {
		err.Detail = short(err.Detail)
		if v := reflect.ValueOf(err.BadValue); v.Kind() == reflect.String && v.Len() > mostText {
			err.BadValue = short(v.String())
		}
	}
	return errs
}

func short(text string) string {
	if len(text) <= mostText {
		return text
	}
	return strings.ToValidUTF8(text[:mostText], "") + "..."
}
