// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package subresource holds what the verbs of virtual machines share: reading an optional body and
// answering like the published API.
package subresource

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/yaml"
)

// maxBody caps the options of a verb in bytes; the published ones need a few hundred.
const maxBody = 64 << 10

// Verb returns a handler that does one thing and answers with an empty body and the code, or with a Status.
func Verb(responder rest.Responder, code int, do func(*http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if err := do(req); err != nil {
			responder.Error(err)
			return
		}
		w.WriteHeader(code)
	})
}

// Options reads the body of a verb, JSON or YAML, into options. A body may be absent. dryRun points
// to the field of that name in options; the generic server refuses the query parameter of that name.
func Options(req *http.Request, options any, dryRun *[]string) error {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	switch {
	case err != nil:
		return apierrors.NewBadRequest(fmt.Sprintf("read body: %v", err))
	case len(body) > maxBody:
		return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("the body may have at most %d bytes", maxBody))
	case strings.TrimSpace(string(body)) != "":
		if err := yaml.UnmarshalStrict(body, options); err != nil {
			return apierrors.NewBadRequest(fmt.Sprintf("Can not unmarshal Request body to struct, error: %s", err))
		}
	}
	for _, v := range *dryRun {
		if v != "All" {
			return apierrors.NewBadRequest(fmt.Sprintf("dryRun: %q is not supported; the only value is All", v))
		}
	}
	return nil
}
