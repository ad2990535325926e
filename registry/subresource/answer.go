// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"encoding/json"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Done answers with a code and no body, as the verbs of the published API do.
func Done(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

// JSON answers with an object. Not every answer of the published API is an object of a version, so the
// usual encoders do not fit.
func JSON(object any) (http.Handler, error) {
	body, err := json.Marshal(object)
	if err != nil {
		return nil, apierrors.NewInternalError(fmt.Errorf("encode answer: %w", err))
	}
	return Content("application/json", body), nil
}

// Content answers with a body of any type.
func Content(contentType string, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		// The only way to fail is a client that went away.
		_, _ = w.Write(body)
	})
}
