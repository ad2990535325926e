// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package stream serves what virt-apiserver passes on to a node: consoles as websockets, and the
// commands for a running guest. Who may ask is decided by TLS; which user may, by virt-apiserver.
package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/nodeplugin/console"
	"github.com/virtplane/virtplane/nodeplugin/domain"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	// stopTimeout is how long requests may take to end when the process stops.
	stopTimeout = 2 * time.Second
)

// Guests finds the guests of the node.
type Guests interface {
	// Lookup returns the guest of an instance, or nil.
	Lookup(types.NamespacedName) *domain.Guest
}

// Logs keeps the console logs of guests that have ended.
type Logs interface {
	Read(types.NamespacedName, console.Query, console.Tail) (*console.Past, error)
}

// Recorder writes events; it must not block.
type Recorder interface {
	Event(vmi *v1.VirtualMachineInstance, kind, reason, message string)
}

// Server serves streams and verbs.
type Server struct {
	guests   Guests
	logs     Logs
	recorder Recorder
	http     *http.Server
	// done ends streams: a server does not wait for connections that became websockets.
	done     context.CancelFunc
	audience audience
	forwards forwards
	// pictures holds a token for each picture that is on its way.
	pictures chan struct{}
}

// New returns a Server; ctx carries its logger.
func New(ctx context.Context, guests Guests, logs Logs, recorder Recorder) (*Server, error) {
	if guests == nil || logs == nil || recorder == nil {
		return nil, errors.New("guests, logs and recorder are required")
	}
	ctx, done := context.WithCancel(ctx)
	s := &Server{guests: guests, logs: logs, recorder: recorder, done: done, pictures: make(chan struct{}, maxPictures)}
	s.http = &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx },
		// Anybody in the cluster can fail a handshake; that is not worth a line each.
		ErrorLog: log.New(quiet{klog.FromContext(ctx)}, "", 0),
	}
	return s, nil
}

func (s *Server) routes() http.Handler {
	const instance = "/v1/namespaces/{namespace}/virtualmachineinstances/{name}"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+instance+"/console", s.console)
	mux.HandleFunc("GET "+instance+"/log", s.log)
	mux.HandleFunc("GET "+instance+"/vnc", s.vnc)
	mux.HandleFunc("GET "+instance+"/vnc/screenshot", s.screenshot)
	mux.HandleFunc("GET "+instance+"/portforward/{port}/{protocol}", s.portForward)
	for _, q := range questions {
		mux.HandleFunc("GET "+instance+"/"+string(q.verb), s.query(q))
	}
	mux.HandleFunc("PUT "+instance+"/freeze", s.freeze)
	mux.HandleFunc("PUT "+instance+"/unfreeze", s.unfreeze)
	for _, v := range []verb{pause, unpause, reset, softReboot} {
		mux.HandleFunc("PUT "+instance+"/"+string(v.name), s.command(v))
	}
	return mux
}

// Run serves on address until ctx ends.
func (s *Server) Run(ctx context.Context, address string, config *tls.Config) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for streams: %w", err)
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.done()
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if s.http.Shutdown(limited) != nil {
			s.http.Close()
		}
	})
	err = s.http.Serve(tls.NewListener(listener, config))
	if stop() {
		return fmt.Errorf("serve streams: %w", err)
	}
	<-stopped
	return nil
}

// lookup returns the guest that a request names, or answers it.
func (s *Server) lookup(w http.ResponseWriter, r *http.Request) (*domain.Guest, bool) {
	name := types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("name")}
	guest := s.guests.Lookup(name)
	if guest == nil {
		writeError(w, notFound(name.Name))
	}
	return guest, guest != nil
}

// quiet writes the server's own complaints where only who looks for them finds them.
type quiet struct{ logger klog.Logger }

func (q quiet) Write(line []byte) (int, error) {
	q.logger.V(2).Info("Stream server", "message", string(line))
	return len(line), nil
}
