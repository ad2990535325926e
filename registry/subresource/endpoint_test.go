// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// resolver is the server's.
var resolver = Resolver{&request.RequestInfoFactory{APIPrefixes: sets.NewString("apis", "api"), GrouplessAPIPrefixes: sets.NewString("api")}}

const instance = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/demo"

// resolved returns a request as the server hands it on.
func resolved(t *testing.T, method, path string) *http.Request {
	t.Helper()
	req := httptest.NewRequest(method, path, nil)
	info, err := resolver.NewRequestInfo(req)
	if err != nil {
		t.Fatal(err)
	}
	return req.WithContext(request.WithRequestInfo(req.Context(), info))
}

// answer records what an endpoint answers with.
type answer struct{ err error }

func (a *answer) Object(int, runtime.Object) { panic("an endpoint answers with no object") }
func (a *answer) Error(err error)            { a.err = err }

func machine() runtime.Object { return &v1.VirtualMachine{} }

func ask(t *testing.T, e *Endpoint, req *http.Request) (*httptest.ResponseRecorder, error) {
	t.Helper()
	w, a := httptest.NewRecorder(), &answer{}
	handler, err := e.Connect(req.Context(), "demo", nil, a)
	if err != nil {
		t.Fatal(err)
	}
	handler.ServeHTTP(w, req)
	return w, a.err
}

func TestARequestIsServedByTheRouteThatItWasAuthorizedFor(t *testing.T) {
	says := func(text string) Func {
		return func(req *http.Request, name string) (http.Handler, error) {
			return Content("text/plain", []byte(text+" of "+name+" "+Tail(req))), nil
		}
	}
	screen := New(machine, Route{http.MethodGet, "", says("screen")}, Route{http.MethodGet, "screenshot", says("picture")})
	keys := New(machine, Route{http.MethodGet, "fetchcertchain", says("chain")}, Route{http.MethodPut, "setupsession", says("session")})
	ports := New(machine, Route{http.MethodGet, Any, says("port")})
	for _, c := range []struct {
		endpoint     *Endpoint
		method, path string
		want         string
		code         int32
	}{
		{screen, "GET", "/vnc", "screen of demo ", 0},
		{screen, "GET", "/vnc/screenshot", "picture of demo screenshot", 0},
		{screen, "GET", "/vnc/screenshot/", "picture of demo screenshot", 0},
		// Authorization takes these for the screen; nobody must get a picture by it.
		{screen, "GET", "/vnc//screenshot", "vnc//screenshot is no subresource of virtualmachineinstances; there is vnc, vnc/screenshot", 404},
		{screen, "GET", "/vnc/screenshot/x", "vnc/screenshot/x is no subresource of virtualmachineinstances; there is vnc, vnc/screenshot", 404},
		{screen, "PUT", "/vnc/screenshot", "PUT of vnc/screenshot is not supported", 405},
		{keys, "GET", "/sev/fetchcertchain", "chain of demo fetchcertchain", 0},
		{keys, "PUT", "/sev/setupsession", "session of demo setupsession", 0},
		{keys, "GET", "/sev", "sev is no subresource of virtualmachineinstances; there is sev/fetchcertchain, sev/setupsession", 404},
		{keys, "PUT", "/sev/fetchcertchain", "PUT of sev/fetchcertchain is not supported", 405},
		{ports, "GET", "/portforward/22", "port of demo 22", 0},
		{ports, "GET", "/portforward/53/udp", "port of demo 53/udp", 0},
		{ports, "GET", "/portforward", "portforward is no subresource of virtualmachineinstances; there is portforward/*", 404},
	} {
		w, err := ask(t, c.endpoint, resolved(t, c.method, instance+c.path))
		var known apierrors.APIStatus
		switch {
		case c.code == 0 && (err != nil || w.Body.String() != c.want):
			t.Errorf("%s %s: %q, %v, want %q", c.method, c.path, w.Body, err, c.want)
		case c.code != 0 && (!errors.As(err, &known) || known.Status().Code != c.code || known.Status().Message != c.want):
			t.Errorf("%s %s: %q, %v, want %d %s", c.method, c.path, w.Body, err, c.code, c.want)
		}
	}
	if got := keys.ConnectMethods(); !slices.Equal(got, []string{"GET", "PUT"}) {
		t.Errorf("methods %v", got)
	}
	if _, deep, _ := keys.NewConnectOptions(); !deep {
		t.Error("the server would not route paths behind sev")
	}
	if _, deep, _ := Put(machine, says("")).NewConnectOptions(); deep {
		t.Error("the server would route paths behind a verb")
	}
}

func TestAnEndpointAnswersWithItsCodeAndNoBodyOrAnError(t *testing.T) {
	done := Put(machine, func(*http.Request, string) (http.Handler, error) { return Done(http.StatusAccepted), nil })
	if w, err := ask(t, done, resolved(t, "PUT", instance+"/pause")); err != nil || w.Code != http.StatusAccepted || w.Body.Len() != 0 {
		t.Errorf("error %v, code %d, body %q", err, w.Code, w.Body)
	}
	no := errors.New("no")
	if _, err := ask(t, Put(machine, func(*http.Request, string) (http.Handler, error) { return nil, no }), resolved(t, "PUT", instance+"/pause")); err != no {
		t.Errorf("error %v, want the verb's own", err)
	}
	// A stream may find out only when it has begun.
	late := Get(machine, func(*http.Request, string) (http.Handler, error) {
		return http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { Refuse(req, no) }), nil
	})
	if _, err := ask(t, late, resolved(t, "GET", instance+"/console")); err != no {
		t.Errorf("late error %v, want the stream's own", err)
	}
	if _, err := ask(t, done, httptest.NewRequest("PUT", "/", nil).WithContext(context.Background())); !apierrors.IsInternalError(err) {
		t.Errorf("a request that went past the server's chain: %v", err)
	}
}

func TestResolverNamesSubresourcesWhole(t *testing.T) {
	for path, want := range map[string]string{
		instance + "/vnc":                    "vnc",
		instance + "/vnc/screenshot":         "vnc/screenshot",
		instance + "/vnc/other":              "vnc",
		instance + "/sev/injectlaunchsecret": "sev/injectlaunchsecret",
		instance + "/portforward/80/tcp":     "portforward",
		instance:                             "",
		"/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/demo/evacuate/cancel": "evacuate/cancel",
		// Others' APIs are none of our business.
		"/apis/example.com/v1/namespaces/default/screens/demo/vnc/screenshot": "vnc",
	} {
		info, err := resolver.NewRequestInfo(httptest.NewRequest("GET", path, nil))
		if err != nil || info.Subresource != want {
			t.Errorf("%s: %q, %v, want %q", path, info.Subresource, err, want)
		}
	}
}
