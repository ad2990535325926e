// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/component-base/metrics/legacyregistry"
)

const healthTimeout = 5 * time.Second

// check is a named reason for not being ready.
type check struct {
	name string
	// passed tells whether the reason is away.
	passed func() bool
}

// once lets a check that has passed stay passed: a node goes on serving its guests while the API
// server is away.
func once(passed func() bool) func() bool {
	var was atomic.Bool
	return func() bool {
		if passed() {
			was.Store(true)
		}
		return was.Load()
	}
}

// health serves /healthz, /readyz and /metrics until ctx ends. There is nothing secret in it.
func health(ctx context.Context, address string, checks []check) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		var missing []string
		for _, c := range checks {
			if !c.passed() {
				missing = append(missing, c.name)
			}
		}
		if len(missing) > 0 {
			http.Error(w, "not ready: "+strings.Join(missing, ", "), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.Handle("GET /metrics", legacyregistry.Handler())
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for health checks: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: healthTimeout, ReadTimeout: healthTimeout, WriteTimeout: 2 * healthTimeout}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve health checks: %w", err)
	}
	return nil
}
