// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/authentication/user"
)

// ask sends a request, forwarded or not, through the filter of a front proxy.
func ask(proxy frontProxy, path, forwardedUser string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	if forwardedUser != "" {
		req.Header.Set("X-Remote-User", forwardedUser)
	}
	proxy.hold(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })).ServeHTTP(w, req)
	return w
}

func TestClientsWaitForTheCAOfTheFrontProxy(t *testing.T) {
	ca := &bundle{}
	proxy := proxyOf(ca)
	w := ask(proxy, "/apis", "")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), errNoFrontProxy.Error()) {
		t.Errorf("before the CA is loaded: %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := ask(proxy, "/livez", ""); w.Code != http.StatusTeapot {
		t.Errorf("a probe is answered %d", w.Code)
	}
	if proxy.Check(nil) == nil {
		t.Error("the server is ready before the CA is loaded")
	}
	ca.content = []byte("CA")
	if w := ask(proxy, "/apis", "alice"); w.Code != http.StatusTeapot || proxy.Check(nil) != nil {
		t.Errorf("after the CA is loaded: %d, %v", w.Code, proxy.Check(nil))
	}
	if err := (frontProxy{}).Check(nil); err != nil {
		t.Errorf("without aggregation: %v", err)
	}
}

func TestAFrontProxyOfAnyNameIsNotTrusted(t *testing.T) {
	for _, c := range []struct {
		name     string
		accepted string // the CAs of all client certificates
		want     error
	}{
		{"CA of its own", "users\nproxy", errAnyFrontProxy},
		{"CA that signs users too", "users\nproxy\nproxy", errAnyUser},
	} {
		proxy := proxyOf(&bundle{content: []byte("proxy\n")})
		proxy.AllowedClientNames = headerrequest.StaticStringSlice{}
		proxy.accepted = func() []byte { return []byte(c.accepted) }
		if err := proxy.Check(nil); err != c.want {
			t.Errorf("%s: readiness says %v, want %v", c.name, err, c.want)
		}
		w := ask(proxy, "/apis", "alice")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "" || !strings.Contains(w.Body.String(), "--requestheader-allowed-names") {
			t.Errorf("%s: a forwarded request is answered %d %v %s", c.name, w.Code, w.Header(), w.Body)
		}
		for path, forwarded := range map[string]string{"/apis": "", "/readyz": "alice"} {
			if w := ask(proxy, path, forwarded); w.Code != http.StatusTeapot {
				t.Errorf("%s: %s by %q is answered %d", c.name, path, forwarded, w.Code)
			}
		}
	}
}

// changing is a list of names that someone empties between two looks.
type changing struct{ looks int }

func (c *changing) Value() []string {
	if c.looks++; c.looks > 1 {
		return nil
	}
	return []string{"front-proxy-client"}
}

func TestTrustThatEndsWhileARequestIsAuthenticatedIsNotUsed(t *testing.T) {
	proxy := proxyOf(&bundle{content: []byte("CA")})
	proxy.AllowedClientNames = &changing{}
	inner := authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
		return &authenticator.Response{User: &user.DefaultInfo{Name: "admin"}}, true, nil
	})
	if err := proxy.Check(nil); err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, "/apis", nil)
	req.Header.Set("X-Remote-User", "admin")
	req.TLS = certificate
	if _, ok, err := identified(inner, proxy).AuthenticateRequest(req); ok || !errors.Is(err, errAnyFrontProxy) {
		t.Errorf("ok %t, error %v, want %v", ok, err, errAnyFrontProxy)
	}
}
