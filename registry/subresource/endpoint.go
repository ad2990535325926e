// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Func serves a request for a subresource of the object called name. It makes every check before it
// returns, so that a refusal is an ordinary answer; the handler that it returns answers a success or
// goes on as a stream.
type Func func(req *http.Request, name string) (http.Handler, error)

// Any is the tail of a route that takes whatever is behind the subresource.
const Any = "*"

// Route is one thing that an endpoint does.
type Route struct {
	Method string
	// Tail is the path behind the subresource, without slashes around it; mostly empty.
	Tail string
	Do   Func
}

// Endpoint is a subresource of a virtual machine or an instance.
type Endpoint struct {
	kind   func() runtime.Object
	routes []Route
}

var _ rest.Connecter = &Endpoint{}

// New returns an endpoint. Discovery shows the kind of the objects that kind makes: the options in the
// body, or else the answer.
func New(kind func() runtime.Object, routes ...Route) *Endpoint {
	return &Endpoint{kind, routes}
}

// Put returns an endpoint that does one thing.
func Put(kind func() runtime.Object, do Func) *Endpoint {
	return New(kind, Route{Method: http.MethodPut, Do: do})
}

// Get returns an endpoint that answers one thing or opens a stream.
func Get(kind func() runtime.Object, do Func) *Endpoint {
	return New(kind, Route{Method: http.MethodGet, Do: do})
}

// New returns an object of the kind that discovery shows.
func (e *Endpoint) New() runtime.Object { return e.kind() }

// Destroy does nothing: the main storage owns the store.
func (*Endpoint) Destroy() {}

// ConnectMethods returns the methods of the routes.
func (e *Endpoint) ConnectMethods() []string {
	var methods []string
	for _, r := range e.routes {
		if !slices.Contains(methods, r.Method) {
			methods = append(methods, r.Method)
		}
	}
	return methods
}

// NewConnectOptions returns no options: they come in the body, or are few enough to be read by the
// route. It tells whether there are paths behind the subresource.
func (e *Endpoint) NewConnectOptions() (runtime.Object, bool, string) {
	return nil, slices.ContainsFunc(e.routes, func(r Route) bool { return r.Tail != "" }), "path"
}

// Connect serves a request by its route.
func (e *Endpoint) Connect(ctx context.Context, name string, _ runtime.Object, responder rest.Responder) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req = req.WithContext(context.WithValue(ctx, responderKey{}, responder))
		answer, err := e.serve(req, name)
		if err != nil {
			responder.Error(err)
			return
		}
		answer.ServeHTTP(w, req)
	}), nil
}

func (e *Endpoint) serve(req *http.Request, name string) (http.Handler, error) {
	info, ok := request.RequestInfoFrom(req.Context())
	if !ok || len(info.Parts) < 3 {
		return nil, apierrors.NewInternalError(errors.New("request without its parts"))
	}
	known := false
	for _, r := range e.routes {
		if !r.serves(info) {
			continue
		}
		if r.Method == req.Method {
			if err := checkDryRun(queriedDryRun(req)); err != nil {
				return nil, err
			}
			return r.Do(req, name)
		}
		known = true
	}
	path := strings.Join(info.Parts[2:], "/")
	if known {
		return nil, status(http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed, fmt.Sprintf("%s of %s is not supported", req.Method, path))
	}
	return nil, status(http.StatusNotFound, metav1.StatusReasonNotFound,
		fmt.Sprintf("%s is no subresource of %s; there is %s", path, info.Resource, strings.Join(e.paths(info.Parts[2]), ", ")))
}

// serves tells whether a request is for the route. What the caller was authorized for decides, not the
// path once more: a path that the two read differently would be a way around authorization.
func (r Route) serves(info *request.RequestInfo) bool {
	switch r.Tail {
	case "":
		return len(info.Parts) == 3
	case Any:
		return len(info.Parts) > 3 && info.Subresource == info.Parts[2]
	}
	return info.Subresource == info.Parts[2]+"/"+r.Tail
}

func (e *Endpoint) paths(subresource string) []string {
	var paths []string
	for _, r := range e.routes {
		path := subresource
		if r.Tail != "" {
			path += "/" + r.Tail
		}
		paths = append(paths, path)
	}
	return paths
}

// Tail is the path of a request behind the subresource.
func Tail(req *http.Request) string {
	info, ok := request.RequestInfoFrom(req.Context())
	if !ok || len(info.Parts) < 3 {
		return ""
	}
	return strings.Join(info.Parts[3:], "/")
}

type responderKey struct{}

// Refuse answers with an error where a handler finds out only while it answers.
func Refuse(req *http.Request, err error) {
	if responder, ok := req.Context().Value(responderKey{}).(rest.Responder); ok {
		responder.Error(err)
	}
}

// NotImplemented says that a feature is missing, once everything that can be checked was found right.
func NotImplemented(feature string) error {
	return NotServed(feature + " is not implemented by this version of virtplane")
}

// NotServed says why a request cannot be served though nothing is wrong with it.
func NotServed(message string) error {
	return status(http.StatusNotImplemented, "NotImplemented", message)
}

func status(code int32, reason metav1.StatusReason, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	}}
}
