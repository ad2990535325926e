// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// mostProblems is how many problems one answer names. The time that it takes to put an answer together grows with the
// square of their number: 10,000 bad disks would keep the server busy for many seconds.
const mostProblems = 200

// atMost leaves out what nobody would read.
func atMost(errs field.ErrorList) field.ErrorList {
	if len(errs) <= mostProblems {
		return errs
	}
	return append(errs[:mostProblems:mostProblems], field.Forbidden(field.NewPath("spec"),
		fmt.Sprintf("there are %d more problems; correct these first", len(errs)-mostProblems)))
}
