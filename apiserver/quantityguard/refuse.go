// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package quantityguard

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxShown is how many bytes of a path or a value an answer repeats.
const maxShown = 128

// refuse names what was written and where, if that is known.
func refuse(path, value string) error {
	path, value = shorten(path), shorten(strings.TrimSpace(value))
	what := fmt.Sprintf("%q is no quantity that can be read: exponents have at most three digits, numbers at most %d; "+
		"write a plain number or one with a suffix, such as 500m, 0.5 or 2Gi", value, maxNumber)
	message := what
	if path != "" {
		message = path + ": " + what
	}
	err := apierrors.NewBadRequest(message)
	err.ErrStatus.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: metav1.CauseTypeFieldValueInvalid, Field: path, Message: what}}}
	return err
}

func shorten(s string) string {
	if len(s) > maxShown {
		return strings.ToValidUTF8(s[:maxShown], "") + "..."
	}
	return s
}
