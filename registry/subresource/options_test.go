// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name, body string
		paused     bool
		dryRun     []string
		problem    string // the start of the message
		code       int32
	}{
		{name: "no body"},
		{name: "white space", body: " \n\t"},
		{name: "JSON", body: `{"paused":true}`, paused: true},
		{name: "YAML", body: "paused: true\ndryRun: [All]\n", paused: true, dryRun: []string{"All"}},
		{name: "with its kind", body: `{"kind":"StartOptions","apiVersion":"kubevirt.io/v1","paused":true}`, paused: true},
		{name: "unknown dry run in the body", body: `{"dryRun":["all"]}`, problem: `dryRun: "all" is not supported; the only value is All`, code: 400},
		{name: "unknown field", body: `{"pause":true}`, problem: "Can not unmarshal Request body to struct, error: ", code: 400},
		{name: "wrong type", body: `{"paused":"yes"}`, problem: "Can not unmarshal Request body to struct, error: ", code: 400},
		{name: "no object", body: `[`, problem: "Can not unmarshal Request body to struct, error: ", code: 400},
		{name: "largest body", body: `{"paused":true}` + strings.Repeat(" ", maxBody-15), paused: true},
		{name: "larger body", body: strings.Repeat(" ", maxBody+1), problem: "Request entity too large: the body may have at most 65536 bytes", code: 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := &v1.StartOptions{}
			err := Options(httptest.NewRequest(http.MethodPut, "/", strings.NewReader(c.body)), options, &options.DryRun)
			if c.problem != "" {
				var status apierrors.APIStatus
				if !errors.As(err, &status) || status.Status().Code != c.code || !strings.HasPrefix(status.Status().Message, c.problem) {
					t.Errorf("error %v, want code %d and %q", err, c.code, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if options.Paused != c.paused || !slices.Equal(options.DryRun, c.dryRun) {
				t.Errorf("options %+v, want paused %t and dryRun %v", options, c.paused, c.dryRun)
			}
		})
	}
}

func TestABodyThatBreaksOffIsABadRequest(t *testing.T) {
	options := &v1.StartOptions{}
	req := httptest.NewRequest(http.MethodPut, "/", io.MultiReader(strings.NewReader(`{"paused":true}`), broken{}))
	if err := Options(req, options, &options.DryRun); !apierrors.IsBadRequest(err) {
		t.Errorf("error %v, want a bad request", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestParentIsNoResourceOfItsOwn(t *testing.T) {
	p := NewParent("virtualmachine", func() runtime.Object { return &v1.VirtualMachine{} })
	if p.GetSingularName() != "virtualmachine" || !p.NamespaceScoped() {
		t.Errorf("singular %q, namespaced %t", p.GetSingularName(), p.NamespaceScoped())
	}
	if _, ok := p.New().(*v1.VirtualMachine); !ok {
		t.Errorf("New returns a %T", p.New())
	}
}
