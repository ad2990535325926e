// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/spf13/pflag"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func parse(t *testing.T, args ...string) *Options {
	t.Helper()
	o := NewOptions()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	o.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFlagsAreCheckedAllAtOnce(t *testing.T) {
	if errs := parse(t, "--launcher-image=x").Validate(); len(errs) > 0 {
		t.Errorf("the defaults are refused: %v", errs)
	}
	errs := parse(t, "--namespace=", "--kube-api-qps=0", "--concurrency=0").Validate()
	want := []string{
		"--launcher-image: is required",
		"--namespace: must not be empty",
		"--concurrency: 0 must be at least 1",
		"--kube-api-qps: 0 must be more than 0",
	}
	if len(errs) != len(want) {
		t.Fatalf("got %v", errs)
	}
	for i := range want {
		if errs[i].Error() != want[i] {
			t.Errorf("got %s, want %s", errs[i], want[i])
		}
	}
}

func TestEmulationIsOnWhenTheFlagOrTheObjectSaysSo(t *testing.T) {
	object := &v1.KubeVirt{}
	object.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{UseEmulation: true}
	for _, c := range []struct {
		flags []string
		kv    *v1.KubeVirt
		want  bool
	}{
		{nil, nil, false}, {nil, object, true}, {[]string{"--use-emulation"}, nil, true}, {[]string{"--use-emulation"}, object, true},
	} {
		o := parse(t, c.flags...)
		if got := o.template(config.From(c.kv)).UseEmulation; got != c.want {
			t.Errorf("%v with an object %t: %t", c.flags, c.kv != nil, got)
		}
		// Clients read it from the object that is made.
		made := config.From(&v1.KubeVirt{Spec: o.initial()})
		if made.Launchers.UseEmulation != o.UseEmulation {
			t.Errorf("%v: the object that is made says %t", c.flags, made.Launchers.UseEmulation)
		}
	}
}

func TestReadyWhileStandingByAndAfterTheFirstList(t *testing.T) {
	h := newHealth()
	expect := func(when string, want int) {
		t.Helper()
		answer := httptest.NewRecorder()
		h.ready(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if answer.Code != want {
			t.Errorf("%s: %d, want %d", when, answer.Code, want)
		}
	}
	expect("standing by", http.StatusOK)
	h.working.Store(true)
	expect("before the first list", http.StatusServiceUnavailable)
	h.synced.Store(true)
	expect("after it", http.StatusOK)
}
