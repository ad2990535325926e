// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestTheQueryMayAskForADryRun(t *testing.T) {
	for _, c := range []struct {
		method, path string
		dryRun       []string // as the verb sees it
		query        string   // as the generic server sees it
	}{
		{"PUT", "/start?dryRun=All", []string{"All"}, ""},
		{"PUT", "/start?a=b&dryRun=All&fieldManager=me", []string{"All"}, "a=b&fieldManager=me"},
		{"PUT", "/start?dryRun=All&dryRun=Some", []string{"All", "Some"}, ""},
		{"PUT", "/start", nil, ""},
		// A stream cannot be tried, and what is no verb is the server's.
		{"GET", "/console?dryRun=All", nil, "dryRun=All"},
		{"PUT", "/status?dryRun=All", nil, "dryRun=All"},
		{"PUT", "?dryRun=All", nil, "dryRun=All"},
	} {
		called := false
		WithDryRun(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
			called = true
			if got := DryRun(req); !slices.Equal(got, c.dryRun) || req.URL.RawQuery != c.query {
				t.Errorf("%s %s: dry run %v, query %q, want %v and %q", c.method, c.path, got, req.URL.RawQuery, c.dryRun, c.query)
			}
		})).ServeHTTP(httptest.NewRecorder(), resolved(t, c.method, instance+c.path))
		if !called {
			t.Errorf("%s %s was not handed on", c.method, c.path)
		}
	}
}

// served runs a verb behind WithDryRun and returns the dry run that it was asked for.
func served(t *testing.T, path string) ([]string, error) {
	t.Helper()
	var got []string
	var refused error
	e := Put(machine, func(req *http.Request, _ string) (http.Handler, error) {
		options := &v1.StartOptions{}
		err := Options(req, options, &options.DryRun)
		got = options.DryRun
		return Done(http.StatusOK), err
	})
	WithDryRun(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		_, refused = ask(t, e, req)
	})).ServeHTTP(httptest.NewRecorder(), resolved(t, "PUT", instance+path))
	return got, refused
}

func TestOptionsTakeTheDryRunOfTheQuery(t *testing.T) {
	if got, err := served(t, "/start?dryRun=All"); err != nil || !slices.Equal(got, []string{"All"}) {
		t.Errorf("dry run %v, %v", got, err)
	}
	// What is not understood must not be done for good.
	for _, value := range []string{"", "all", "true"} {
		if _, err := served(t, "/start?dryRun="+value); !apierrors.IsBadRequest(err) {
			t.Errorf("dryRun=%s: %v", value, err)
		}
	}
}
