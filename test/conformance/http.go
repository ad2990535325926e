// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// answer is what came back of a plain HTTP request.
type answer struct {
	code   int
	header http.Header
	body   string
}

// call sends one request and reads the answer, with no client library between that would make it nicer.
func (s *suite) call(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	client := must(rest.HTTPClientFor(s.config))(t)
	base, _, err := rest.DefaultServerUrlFor(s.config)
	if err != nil {
		t.Fatal(err)
	}
	req := must(http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(base.String(), "/")+path, strings.NewReader(body)))(t)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp := must(client.Do(req))(t)
	defer resp.Body.Close()
	content := must(io.ReadAll(resp.Body))(t)
	return answer{resp.StatusCode, resp.Header, string(content)}
}

// status returns the Status in an answer.
func (a answer) status(t *testing.T) *metav1.Status {
	t.Helper()
	status := &metav1.Status{}
	if err := json.Unmarshal([]byte(a.body), status); err != nil || status.Kind != "Status" {
		t.Fatalf("answer %d %.200q is no Status", a.code, a.body)
	}
	return status
}

// decode reads a JSON answer with code 200.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var out T
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.code != http.StatusOK {
		t.Fatalf("answer %d %.300q: %v", a.code, a.body, err)
	}
	return out
}

// pathOf returns the path of an object or, with an empty name, of all of a namespace.
func pathOf(namespace, resource, name string) string {
	return strings.TrimSuffix(fmt.Sprintf("/apis/kubevirt.io/v1/namespaces/%s/%s/%s", namespace, resource, name), "/")
}

// expectStatus checks the code of an error, and that its message says what it should.
func expectStatus(t *testing.T, what string, err error, code int32, says ...string) {
	t.Helper()
	status, ok := err.(apierrors.APIStatus)
	if !ok || status.Status().Code != code {
		t.Errorf("%s: got %v, want an error with code %d", what, err, code)
		return
	}
	for _, part := range says {
		if !strings.Contains(status.Status().Message, part) {
			t.Errorf("%s: %q does not say %q", what, status.Status().Message, part)
		}
	}
}

// eventually waits for a condition that a watch of a server brings about.
func eventually(t *testing.T, what string, condition func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		err := condition(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func ptr[T any](v T) *T { return &v }
