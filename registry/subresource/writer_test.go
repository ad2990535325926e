// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestAWriterIsNamedAsByAPatch(t *testing.T) {
	for _, c := range []struct{ query, agent, want string }{
		{"", "virtctl/v1.9.0 (linux/amd64)", "virtctl"},
		{"", "curl", "curl"},
		{"", "", ""},
		{"", "vir\x07tctl/1", "virtctl"},
		{"", strings.Repeat("ä", 100) + "/1", strings.Repeat("ä", 64)},
		{"?fieldManager=me", "virtctl/v1.9.0", "me"},
	} {
		req := httptest.NewRequest("PUT", "/"+c.query, nil)
		req.Header.Set("User-Agent", c.agent)
		got, err := WriterOf(req, []string{"All"})
		if err != nil || got.Manager != c.want || len(got.DryRun) != 1 {
			t.Errorf("%q %q: %+v, %v, want %q", c.query, c.agent, got, err, c.want)
		}
	}
	if _, err := WriterOf(httptest.NewRequest("PUT", "/?fieldManager="+strings.Repeat("m", 129), nil), nil); !apierrors.IsBadRequest(err) {
		t.Errorf("a name that is too long: %v", err)
	}
}
