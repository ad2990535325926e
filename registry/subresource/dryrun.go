// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"context"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/endpoints/request"
)

const dryRunParameter = "dryRun"

type dryRunKey struct{}

// WithDryRun lets verbs be tried by the query parameter dryRun, as any other write of the API. The
// generic server knows no such parameter for them, so it must not see it.
func WithDryRun(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		query := req.URL.Query()
		info, ok := request.RequestInfoFrom(req.Context())
		// A status is no verb; the server deals with its parameters.
		if !ok || !query.Has(dryRunParameter) || req.Method != http.MethodPut || info.Subresource == "" || info.Subresource == "status" {
			next.ServeHTTP(w, req)
			return
		}
		values := query[dryRunParameter]
		query.Del(dryRunParameter)
		url := *req.URL
		url.RawQuery = query.Encode()
		req = req.WithContext(context.WithValue(req.Context(), dryRunKey{}, values))
		req.URL = &url
		next.ServeHTTP(w, req)
	})
}

// queriedDryRun is the query parameter that WithDryRun took off a request.
func queriedDryRun(req *http.Request) []string {
	values, _ := req.Context().Value(dryRunKey{}).([]string)
	return values
}

// checkDryRun refuses what would not be a dry run though the client believes it is.
func checkDryRun(values []string) error {
	for _, v := range values {
		if v != metav1.DryRunAll {
			return apierrors.NewBadRequest(fmt.Sprintf("dryRun: %q is not supported; the only value is All", v))
		}
	}
	return nil
}
