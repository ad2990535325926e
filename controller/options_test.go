// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/spf13/pflag"
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
	errs := parse(t, "--namespace=", "--cpu-allocation-ratio=0", "--memory-overcommit=-5", "--kube-api-qps=0", "--concurrency=0").Validate()
	want := []string{
		"--launcher-image: is required",
		"--namespace: must not be empty",
		"--cpu-allocation-ratio: 0 must be at least 1",
		"--memory-overcommit: -5 must be at least 1",
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
