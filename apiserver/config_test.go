// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"

	"github.com/virtplane/virtplane/registry/subresource"
)

func TestStreamsAndWatchesStayOpen(t *testing.T) {
	resolver := subresource.Resolver{RequestInfoResolver: &request.RequestInfoFactory{
		APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api"),
	}}
	for path, want := range map[string]bool{
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/console":              true,
		"/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/console": true,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachines/b/log?follow=true":              true,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachines?watch=true":                     true,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachines/b":                              false,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/pause":                false,
		"/apis/kubevirt.io/v1/namespaces/console/virtualmachines/console":                  false,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/vnc":                  true,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/usbredir":             true,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/vsock?port=1":         true,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachines/b/portforward/22/tcp":           true,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/vnc/screenshot":       false,
		"/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstances/b/guestosinfo":          false,
	} {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		info, err := resolver.NewRequestInfo(req)
		if err != nil {
			t.Fatal(err)
		}
		if got := longRunning(req, info); got != want {
			t.Errorf("%s: %t, want %t", path, got, want)
		}
	}
}
