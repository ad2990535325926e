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
	"k8s.io/apiserver/pkg/authentication/user"
)

func TestStrangersReachProbesAlone(t *testing.T) {
	forwarded := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	for _, c := range []struct {
		name, path, user string
		tls              *tls.ConnectionState
		want             bool
	}{
		{"probe", "/readyz", user.Anonymous, &tls.ConnectionState{}, true},
		{"one check of a probe", "/readyz/etcd", user.Anonymous, &tls.ConnectionState{}, false},
		{"discovery", "/apis", user.Anonymous, &tls.ConnectionState{}, false},
		{"without TLS", "/apis", user.Anonymous, nil, false},
		{"forwarded by kube-apiserver", "/apis", user.Anonymous, forwarded, true},
		{"bearer of a token", "/apis", "alice", &tls.ConnectionState{}, true},
	} {
		inner := authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
			return &authenticator.Response{User: &user.DefaultInfo{Name: c.user}}, true, nil
		})
		req := httptest.NewRequest(http.MethodGet, c.path, nil)
		req.TLS = c.tls
		response, ok, err := identified(inner).AuthenticateRequest(req)
		if err != nil || ok != c.want || (response != nil) != c.want {
			t.Errorf("%s: response %v, ok %t, error %v, want ok %t", c.name, response, ok, err, c.want)
		}
	}
}

func TestAnErrorOfAuthenticationStaysOne(t *testing.T) {
	broken := errors.New("token review failed")
	inner := authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) { return nil, false, broken })
	if _, ok, err := identified(inner).AuthenticateRequest(httptest.NewRequest(http.MethodGet, "/readyz", nil)); ok || err != broken {
		t.Errorf("ok %t, error %v, want the error", ok, err)
	}
}
