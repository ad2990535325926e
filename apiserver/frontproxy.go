// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
)

// frontProxy is how kube-apiserver identifies itself when it forwards requests; nil without aggregation.
type frontProxy struct {
	*authenticatorfactory.RequestHeaderConfig
}

var errNoFrontProxy = errors.New("the CA of the host cluster's front proxy is not loaded yet")

// Name names the check of readiness.
func (frontProxy) Name() string { return "front-proxy-ca" }

// Check tells whether forwarded requests can be told from others: the CA is loaded by a watch that
// begins with the server, and until then everybody would pass for an anonymous user.
func (f frontProxy) Check(*http.Request) error {
	if f.RequestHeaderConfig != nil && len(f.CAContentProvider.CurrentCABundleContent()) == 0 {
		return errNoFrontProxy
	}
	return nil
}

// forwards tells that a request claims to be forwarded; whether it may is for authentication.
func (f frontProxy) forwards(req *http.Request) bool {
	return f.RequestHeaderConfig != nil && slices.ContainsFunc(f.UsernameHeaders.Value(), func(name string) bool { return req.Header.Get(name) != "" })
}

// hold asks clients to come again while the server cannot know who they are: after a crash
// kube-apiserver forwards to it at once, and users would be told that they are forbidden.
func (f frontProxy) hold(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		err := f.Check(req)
		if err == nil || slices.Contains(probes, req.URL.Path) {
			next.ServeHTTP(w, req)
			return
		}
		wait := apierrors.NewServiceUnavailable(err.Error())
		wait.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: 1}
		responsewriters.ErrorNegotiated(wait, Codecs, schema.GroupVersion{Version: "v1"}, w, req)
	})
}

// identify has the server know its callers, or refuse or put off those it cannot know.
func identify(config *genericapiserver.RecommendedConfig) {
	proxy := frontProxy{config.Authentication.RequestHeaderConfig}
	config.Authentication.Authenticator = identified(config.Authentication.Authenticator, proxy)
	build := config.BuildHandlerChainFunc
	config.BuildHandlerChainFunc = func(handler http.Handler, c *genericapiserver.Config) http.Handler {
		return proxy.hold(build(handler, c))
	}
	config.AddReadyzChecks(healthz.HealthChecker(proxy))
}
