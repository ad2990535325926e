// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
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
	// accepted returns the CAs of all client certificates that may open a connection: those of users and
	// those of the front proxy, each as often as it is configured.
	accepted func() []byte
}

var (
	errNoFrontProxy = errors.New("the CA of the host cluster's front proxy is not loaded yet; if it stays so, " +
		"kube-apiserver runs without --requestheader-client-ca-file, which forwarding to other API servers needs")
	errAnyFrontProxy = errors.New("forwarded requests are refused: the host cluster does not say by which name its front proxy goes, " +
		"so every certificate of the front proxy's CA could speak for any user; set --requestheader-allowed-names on kube-apiserver to the common name in its " +
		"--proxy-client-cert-file (it is published as requestheader-allowed-names in the config map kube-system/extension-apiserver-authentication)")
	errAnyUser = errors.New("forwarded requests are refused: the host cluster does not say by which name its front proxy goes, and its CA signs users too, " +
		"so every user could speak for any other; give the front proxy a CA of its own (--requestheader-client-ca-file and --proxy-client-cert-file of kube-apiserver) and " +
		"set --requestheader-allowed-names to the common name in its certificate " +
		"(it is published as requestheader-allowed-names in the config map kube-system/extension-apiserver-authentication)")
)

// Name names the check of readiness.
func (frontProxy) Name() string { return "front-proxy" }

// Check tells whether forwarded requests can be told from others. The CA and the names are loaded by
// watches that begin with the server and may change while it runs.
func (f frontProxy) Check(*http.Request) error {
	if f.RequestHeaderConfig == nil {
		return nil
	}
	ca := bytes.TrimSpace(f.CAContentProvider.CurrentCABundleContent())
	switch {
	case len(ca) == 0:
		return errNoFrontProxy
	case len(f.AllowedClientNames.Value()) > 0:
		return nil
	case f.accepted != nil && bytes.Count(f.accepted(), ca) > 1:
		return errAnyUser
	}
	return errAnyFrontProxy
}

// forwards tells that a request claims to be forwarded; whether it may is for authentication.
func (f frontProxy) forwards(req *http.Request) bool {
	return f.RequestHeaderConfig != nil && slices.ContainsFunc(f.UsernameHeaders.Value(), func(name string) bool { return req.Header.Get(name) != "" })
}

// hold asks clients to come again while the server cannot know who they are: after a crash
// kube-apiserver forwards to it at once, and users would be told that they are forbidden. What it
// could not trust it refuses for as long as the host cluster is set up so.
func (f frontProxy) hold(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		err := f.Check(req)
		loading := errors.Is(err, errNoFrontProxy)
		if err == nil || slices.Contains(probes, req.URL.Path) || !loading && !f.forwards(req) {
			next.ServeHTTP(w, req)
			return
		}
		wait := apierrors.NewServiceUnavailable(err.Error())
		if loading {
			wait.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: 1}
		}
		responsewriters.ErrorNegotiated(wait, Codecs, schema.GroupVersion{Version: "v1"}, w, req)
	})
}

// identify has the server know its callers, or refuse or put off those it cannot know.
func identify(config *genericapiserver.RecommendedConfig) frontProxy {
	proxy := frontProxy{RequestHeaderConfig: config.Authentication.RequestHeaderConfig}
	if config.SecureServing != nil && config.SecureServing.ClientCA != nil {
		proxy.accepted = config.SecureServing.ClientCA.CurrentCABundleContent
	}
	config.Authentication.Authenticator = identified(config.Authentication.Authenticator, proxy)
	build := config.BuildHandlerChainFunc
	config.BuildHandlerChainFunc = func(handler http.Handler, c *genericapiserver.Config) http.Handler {
		return proxy.hold(build(handler, c))
	}
	config.AddReadyzChecks(healthz.HealthChecker(proxy))
	return proxy
}
