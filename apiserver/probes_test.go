// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestProbesAreAnsweredWhole(t *testing.T) {
	var gone bool
	s := unhurried(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		gone = req.Context().Err() != nil
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "answer")
	}))
	left, leave := context.WithCancel(t.Context())
	leave()
	for path, want := range map[string]bool{
		"/apis/kubevirt.io/v1":                              false,
		"/apis/kubevirt.io/v1/":                             true,
		"/apis/kubevirt.io":                                 true,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachines": true,
		"/apis/subresources.kubevirt.io/v1/version":         true,
		"/apis/subresources.kubevirt.io/v1?timeout=32s":     false,
		"/apis/kubevirt.io/v1/virtualmachines?watch=true":   true,
		"/openapi/v3": true,
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(left, http.MethodGet, path, nil))
		if gone != want {
			t.Errorf("GET %s: noticed that the client is gone: %v", path, gone)
		}
		if w.Code != http.StatusTeapot || w.Body.String() != "answer" || w.Header().Get("Content-Type") != "text/plain" {
			t.Errorf("GET %s: %d %q %v", path, w.Code, w.Body, w.Header())
		}
	}
}
