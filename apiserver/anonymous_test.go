// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// bundle is a CA bundle that may not be loaded yet.
type bundle struct {
	dynamiccertificates.CAContentProvider
	content []byte
}

func (b *bundle) CurrentCABundleContent() []byte { return b.content }

func proxyOf(b *bundle) frontProxy {
	return frontProxy{&authenticatorfactory.RequestHeaderConfig{
		UsernameHeaders: headerrequest.StaticStringSlice{"X-Remote-User"}, CAContentProvider: b,
	}}
}

func TestStrangersReachProbesAlone(t *testing.T) {
	certificate := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	for _, c := range []struct {
		name, path, user, forwarded string
		tls                         *tls.ConnectionState
		want                        bool
	}{
		{"probe", "/readyz", user.Anonymous, "", &tls.ConnectionState{}, true},
		{"one check of a probe", "/readyz/etcd", user.Anonymous, "", &tls.ConnectionState{}, false},
		{"discovery", "/apis", user.Anonymous, "", &tls.ConnectionState{}, false},
		{"without TLS", "/apis", user.Anonymous, "system:anonymous", nil, false},
		{"headers of a front proxy without its certificate", "/apis", user.Anonymous, "system:anonymous", &tls.ConnectionState{}, false},
		{"certificate that authentication did not know", "/apis", user.Anonymous, "", certificate, false},
		{"forwarded by kube-apiserver", "/apis", user.Anonymous, "system:anonymous", certificate, true},
		{"bearer of a token", "/apis", "alice", "", &tls.ConnectionState{}, true},
	} {
		inner := authenticator.RequestFunc(func(req *http.Request) (*authenticator.Response, bool, error) {
			req.Header.Del("X-Remote-User")
			return &authenticator.Response{User: &user.DefaultInfo{Name: c.user}}, true, nil
		})
		req := httptest.NewRequest(http.MethodGet, c.path, nil)
		req.TLS = c.tls
		req.Header.Set("X-Remote-User", c.forwarded)
		response, ok, err := identified(inner, proxyOf(&bundle{})).AuthenticateRequest(req)
		if err != nil || ok != c.want || (response != nil) != c.want {
			t.Errorf("%s: response %v, ok %t, error %v, want ok %t", c.name, response, ok, err, c.want)
		}
	}
}

func TestAnErrorOfAuthenticationStaysOne(t *testing.T) {
	broken := errors.New("token review failed")
	inner := authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) { return nil, false, broken })
	if _, ok, err := identified(inner, frontProxy{}).AuthenticateRequest(httptest.NewRequest(http.MethodGet, "/readyz", nil)); ok || err != broken {
		t.Errorf("ok %t, error %v, want the error", ok, err)
	}
}

func TestClientsWaitForTheCAOfTheFrontProxy(t *testing.T) {
	ca := &bundle{}
	proxy := proxyOf(ca)
	handler := proxy.hold(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	w := get("/apis")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), errNoFrontProxy.Error()) {
		t.Errorf("before the CA is loaded: %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := get("/livez"); w.Code != http.StatusTeapot {
		t.Errorf("a probe is answered %d", w.Code)
	}
	if proxy.Check(nil) == nil {
		t.Error("the server is ready before the CA is loaded")
	}
	ca.content = []byte("CA")
	if w := get("/apis"); w.Code != http.StatusTeapot || proxy.Check(nil) != nil {
		t.Errorf("after the CA is loaded: %d, %v", w.Code, proxy.Check(nil))
	}
	if err := (frontProxy{}).Check(nil); err != nil {
		t.Errorf("without aggregation: %v", err)
	}
}
