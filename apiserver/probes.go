// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
)

// probeTimeout is how long a probe may take that nobody waits for any more.
const probeTimeout = 10 * time.Second

// bearProbes keeps the log free of probes that are given up: every half minute kube-apiserver asks each group
// version of an APIService several times at once and abandons the rest with the first answer, which the generic server
// reports as errors, half a dozen lines for each.
func bearProbes(config *genericapiserver.RecommendedConfig) {
	build := config.BuildHandlerChainFunc
	config.BuildHandlerChainFunc = func(handler http.Handler, c *genericapiserver.Config) http.Handler {
		return unhurried(build(handler, c))
	}
}

// unhurried answers probes into memory first, so that only the last step notices when nobody waits.
func unhurried(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !isProbe(req) {
			handler.ServeHTTP(w, req)
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), probeTimeout)
		defer cancel()
		answer := &kept{header: w.Header(), code: http.StatusOK}
		handler.ServeHTTP(answer, req.WithContext(ctx))
		w.WriteHeader(answer.code)
		// Whoever asked may be gone, which is no news.
		_, _ = w.Write(answer.body.Bytes())
	})
}

// isProbe tells whether a request asks what a group version holds, /apis/GROUP/VERSION: a small document.
func isProbe(req *http.Request) bool {
	rest, ok := strings.CutPrefix(req.URL.Path, "/apis/")
	return ok && req.Method == http.MethodGet && strings.Count(rest, "/") == 1 && !strings.HasSuffix(rest, "/")
}

// kept is an answer in memory.
type kept struct {
	header http.Header
	code   int
	begun  bool
	body   bytes.Buffer
}

// Header returns the header of the answer.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader takes the first code, as net/http does.
func (k *kept) WriteHeader(code int) {
	if !k.begun {
		k.begun, k.code = true, code
	}
}

// Write adds to the answer.
func (k *kept) Write(p []byte) (int, error) {
	k.begun = true
	return k.body.Write(p)
}
