// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package web serves pages on the user's own machine: a console of a guest in the browser, and a list of virtual
// machines. It asks the cluster with the user's credentials, which no page ever sees.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// View is what a link of virtctl shows.
type View string

const (
	// Machines is the list of virtual machines, from which everything else is reached.
	Machines View = ""
	// VNC is the screen of one guest.
	VNC View = "vnc"
	// Console is the serial console of one guest.
	Console View = "console"
)

const (
	// headerTimeout bounds how long a client may take to ask.
	headerTimeout = 10 * time.Second
	// farewellTimeout is for pages to hear that virtctl ends.
	farewellTimeout = 2 * time.Second
	// requestsPerSecond and burst bound what pages ask of the cluster, which is mostly screenshots.
	requestsPerSecond, burst = 50, 100
)

// Options are what to serve, and how.
type Options struct {
	// Config reaches the cluster as the user.
	Config *rest.Config
	// Namespace is of the instance, or the one that the list begins with.
	Namespace string
	View      View
	// Everywhere has the list begin with all namespaces.
	Everywhere bool
	// Name is the instance's. With a View of one guest the server reaches nothing else.
	Name string
	// Parameters are added to the requests for the stream, such as preserveSession.
	Parameters url.Values
	// Address and Port are where to listen; port 0 is any that is free.
	Address string
	Port    int
	// Open shows the link to the user. It may be nil.
	Open func(link string) error
	// Notices is where the link and what becomes of it is printed.
	Notices io.Writer
}

// OpenBrowser is an Options.Open for people.
var OpenBrowser = openBrowser

// Serve serves until ctx ends, which is how it is meant to end: that is no error.
func Serve(ctx context.Context, o Options) error {
	l, err := net.Listen("tcp", net.JoinHostPort(o.Address, strconv.Itoa(o.Port)))
	if err != nil {
		return fmt.Errorf("listen for the browser: %w", err)
	}
	defer l.Close()
	at := l.Addr().(*net.TCPAddr)
	s, err := newServer(o, at)
	if err != nil {
		return err
	}
	link := s.link(at)
	fmt.Fprintf(o.Notices, "%s is served at\n\n    %s\n\nThe link opens one browser, which may have many tabs of it. Ctrl-C ends.\n", o.title(), link)
	if !at.IP.IsLoopback() {
		fmt.Fprintf(o.Notices, "Warning: %s is reached from other machines, and everything goes there and back in clear text.\n", at)
	}
	if o.Open != nil {
		if err := o.Open(link); err != nil {
			fmt.Fprintf(o.Notices, "No browser was opened (%v): open the link yourself. On a machine reached by ssh, forward the port first: ssh -L %d:127.0.0.1:%[2]d HOST\n", err, at.Port)
		}
	}
	return s.run(ctx, newOwnListener(l, o.Notices))
}

// title names the view for people.
func (o *Options) title() string {
	switch o.View {
	case VNC:
		return "The screen of " + o.Name
	case Console:
		return "The serial console of " + o.Name
	}
	return "The list of virtual machines"
}

type server struct {
	Options
	requests rest.Interface
	// config is for websockets, which the client of requests cannot open.
	config  *rest.Config
	gate    *gate
	handler http.Handler
	// alone is set when a screen was asked for exclusively.
	alone atomic.Bool
	// streams are the websockets, which outlive their requests.
	streams sync.WaitGroup
}

func newServer(o Options, at *net.TCPAddr) (*server, error) {
	config := rest.CopyConfig(o.Config)
	config.QPS, config.Burst = requestsPerSecond, burst
	// A Status is all that is ever decoded by the client itself.
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	requests, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	s := &server{Options: o, requests: requests, config: config, gate: newGate(at.Port)}
	s.handler = &guard{next: s.routes(), local: at.IP.IsLoopback()}
	return s, nil
}

// routes is all there is. Below /api/ everything but the login wants a member.
func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/", serveAsset)
	mux.HandleFunc("GET /vnc/{namespace}/{name}", page("vnc.html"))
	mux.HandleFunc("GET /console/{namespace}/{name}", page("console.html"))
	mux.HandleFunc("POST /api/session", s.gate.login)
	for pattern, handler := range map[string]http.HandlerFunc{
		"POST /api/invitation":                      s.gate.invite,
		"GET /api/about":                            s.about,
		"GET /api/stream/{kind}/{namespace}/{name}": s.stream,
		"GET /api/log/{namespace}/{name}":           s.log,
	} {
		mux.HandleFunc(pattern, s.gate.members(handler))
	}
	if s.View != Machines {
		mux.Handle("GET /{$}", http.RedirectHandler(s.path(), http.StatusFound))
		return mux
	}
	mux.HandleFunc("GET /{$}", page("ui.html"))
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /api/namespaces":                           s.namespaces,
		"GET /api/watch":                                s.watch,
		"GET /api/events/{namespace}/{name}":            s.events,
		"GET /api/screenshot/{namespace}/{name}":        s.screenshot,
		"PUT /api/{resource}/{namespace}/{name}/{verb}": s.act,
	} {
		mux.HandleFunc(pattern, s.gate.members(handler))
	}
	return mux
}

// path is where the view is.
func (s *server) path() string {
	if s.View == Machines {
		return "/"
	}
	return "/" + join(string(s.View), s.Namespace, s.Name)
}

// link is what opens the view. The token is in the fragment, which browsers keep to themselves.
func (s *server) link(at *net.TCPAddr) string {
	host := at.IP.String()
	if at.IP.IsUnspecified() {
		host = "localhost"
	}
	return fmt.Sprintf("http://%s%s#%s", net.JoinHostPort(host, strconv.Itoa(at.Port)), s.path(), s.gate.token())
}

func (s *server) run(ctx context.Context, l net.Listener) error {
	served := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	done := make(chan error, 1)
	go func() { done <- served.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve pages: %w", err)
	case <-ctx.Done():
	}
	l.Close()
	told := make(chan struct{})
	go func() {
		s.streams.Wait()
		close(told)
	}()
	select {
	case <-told:
	case <-time.After(farewellTimeout):
	}
	if err := served.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("stop serving pages: %w", err)
	}
	return nil
}

// about is what a page knows of its server.
type about struct {
	View      string `json:"view"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Cluster is the address of the API server.
	Cluster string `json:"cluster"`
	// ReadOnly tells that the serial console takes no keys.
	ReadOnly bool `json:"readOnly"`
}

// about tells a page where it is.
func (s *server) about(w http.ResponseWriter, _ *http.Request) {
	namespace := s.Namespace
	if s.Everywhere {
		namespace = ""
	}
	writeJSON(w, about{string(s.View), namespace, s.Name, s.Config.Host, s.Parameters.Get("readOnly") == "true"})
}
