// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"slices"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
)

// probes are the paths that the kubelet asks for without credentials.
var probes = []string{"/healthz", "/livez", "/readyz"}

// identified refuses callers without credentials, except on probes. Delegated authentication lets
// them all pass as system:anonymous, whatever its option Anonymous says, and so leaves it to the
// roles of the host cluster what a stranger on the pod network may do here.
func identified(inner authenticator.Request, proxy frontProxy) authenticator.Request {
	return authenticator.RequestFunc(func(req *http.Request) (*authenticator.Response, bool, error) {
		// Authentication takes the headers of a front proxy out of the request.
		forwarded := proxy.forwards(req) && req.TLS != nil && len(req.TLS.PeerCertificates) > 0
		response, ok, err := inner.AuthenticateRequest(req)
		// The host cluster's configuration may change between hold and here.
		if forwarded && proxy.Check(req) != nil {
			return nil, false, proxy.Check(req)
		}
		// Anonymous users that kube-apiserver let pass are for authorization.
		if ok && !forwarded && response.User.GetName() == user.Anonymous && !slices.Contains(probes, req.URL.Path) {
			return nil, false, err
		}
		return response, ok, err
	})
}
