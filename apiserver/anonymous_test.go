// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
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
	return frontProxy{RequestHeaderConfig: &authenticatorfactory.RequestHeaderConfig{
		UsernameHeaders: headerrequest.StaticStringSlice{"X-Remote-User"}, CAContentProvider: b,
		AllowedClientNames: headerrequest.StaticStringSlice{"front-proxy-client"},
	}}
}

// certificate is a connection whose client has shown a certificate.
var certificate = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}

func TestStrangersReachProbesAlone(t *testing.T) {
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
		response, ok, err := identified(inner, proxyOf(&bundle{content: []byte("CA")})).AuthenticateRequest(req)
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
