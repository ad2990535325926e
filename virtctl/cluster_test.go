// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// request is one call that a cluster has got, with its body as compact JSON.
type request struct{ method, path, body string }

// cluster is an API server that answers from a table and keeps what it was asked.
type cluster struct {
	*httptest.Server
	// answers maps "METHOD path" to what is written; anything else is the 404 of an unknown path.
	answers map[string]http.HandlerFunc
	// mu guards seen.
	mu   sync.Mutex
	seen []request
}

func newCluster(t *testing.T, answers map[string]http.HandlerFunc) *cluster {
	t.Helper()
	c := &cluster{answers: answers}
	c.Server = httptest.NewTLSServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		compact.Write(body)
	}
	c.mu.Lock()
	c.seen = append(c.seen, request{r.Method, r.URL.Path, compact.String()})
	c.mu.Unlock()
	if answer := c.answers[r.Method+" "+r.URL.Path]; answer != nil {
		answer(w, r)
		return
	}
	http.NotFound(w, r)
}

func (c *cluster) requests() []request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]request(nil), c.seen...)
}

// kubeconfig writes a kubeconfig for the cluster with namespace "lab".
func (c *cluster) kubeconfig(t *testing.T, clusterLines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw})
	lines := append([]string{"server: " + c.URL, "certificate-authority-data: " + base64.StdEncoding.EncodeToString(ca)}, clusterLines...)
	config := "apiVersion: v1\nkind: Config\ncurrent-context: c\n" +
		"clusters: [{name: k, cluster: {" + strings.Join(lines, ", ") + "}}]\n" +
		"users: [{name: u, user: {token: secret-token}}]\n" +
		"contexts: [{name: c, context: {cluster: k, user: u, namespace: lab}}]\n"
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// outcome is what a command leaves behind.
type outcome struct {
	code        int
	out, errOut string
}

func (c *cluster) run(t *testing.T, args ...string) outcome {
	t.Helper()
	return run(t, append([]string{"virtctl", "--kubeconfig", c.kubeconfig(t)}, args...)...)
}

func run(t *testing.T, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, errOut bytes.Buffer
	code := Run(ctx, args, strings.NewReader(""), &out, &errOut)
	return outcome{code, out.String(), errOut.String()}
}

func code(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
}

func refuse(n int32, reason metav1.StatusReason, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(n))
		json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
			Status:   metav1.StatusFailure, Code: n, Reason: reason, Message: message,
		})
	}
}
