// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/klog/v2"
)

const (
	// headerTimeout bounds how long a client may take to send a request.
	headerTimeout = 10 * time.Second
	// watchdogMargin is how long the lease may be overdue before the process counts as stuck.
	watchdogMargin = 20 * time.Second
)

// health answers for the process: alive while its lease is renewed, ready while it stands by or has
// seen all that it works on.
type health struct {
	watchdog *leaderelection.HealthzAdaptor
	working  atomic.Bool
	synced   atomic.Bool
}

func newHealth() *health {
	return &health{watchdog: leaderelection.NewLeaderHealthzAdaptor(watchdogMargin)}
}

func (h *health) alive(w http.ResponseWriter, r *http.Request) {
	if err := h.watchdog.Check(r); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprint(w, "ok")
}

func (h *health) ready(w http.ResponseWriter, _ *http.Request) {
	if h.working.Load() && !h.synced.Load() {
		http.Error(w, "waiting for the first list of all objects", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprint(w, "ok")
}

// serve listens on the port until ctx ends.
func (h *health) serve(ctx context.Context, port int) (wait func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen for health checks: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", h.alive)
	mux.HandleFunc("GET /readyz", h.ready)
	mux.Handle("GET /metrics", legacyregistry.Handler())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			klog.FromContext(ctx).Error(err, "Serve health checks")
		}
	}()
	return func() {
		stop()
		server.Close()
		<-done
	}, nil
}
