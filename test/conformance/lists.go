// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"net/http"
	"slices"
	"strconv"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func listVersions(t *testing.T, s *suite) {
	ns := s.namespace(t)
	first := s.create(t, ns, newVM("first"))
	old := must(s.machines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	s.create(t, ns, newVM("second"))
	list := func(version string, match metav1.ResourceVersionMatch) []string {
		t.Helper()
		got := must(s.machines(ns).List(t.Context(), metav1.ListOptions{ResourceVersion: version, ResourceVersionMatch: match}))(t)
		if match == metav1.ResourceVersionMatchExact && got.ResourceVersion != version {
			t.Errorf("a list of exactly version %s is of version %s", version, got.ResourceVersion)
		}
		if newer(t, version+"", got.ResourceVersion) {
			t.Errorf("a list not older than version %s is of version %s", version, got.ResourceVersion)
		}
		return names(got)
	}
	// A list without a version is as new as the last write; "0" may be as old as the cache.
	if got := names(must(s.machines(ns).List(t.Context(), metav1.ListOptions{}))(t)); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("a list without version holds %v", got)
	}
	list("0", "")
	list("0", metav1.ResourceVersionMatchNotOlderThan)
	if got := list(old.ResourceVersion, metav1.ResourceVersionMatchExact); !slices.Equal(got, []string{"first"}) {
		t.Errorf("a list of exactly the version before the second object holds %v", got)
	}
	for _, match := range []metav1.ResourceVersionMatch{"", metav1.ResourceVersionMatchNotOlderThan} {
		if got := list(first.ResourceVersion, match); !slices.Contains(got, "first") {
			t.Errorf("a list not older than the first object holds %v", got)
		}
	}
	for _, version := range []string{"0", first.ResourceVersion} {
		must(s.machines(ns).Get(t.Context(), "first", metav1.GetOptions{ResourceVersion: version}))(t)
	}
}

func listVersionErrors(t *testing.T, s *suite) {
	ns := s.namespace(t)
	for _, c := range []struct {
		what    string
		options metav1.ListOptions
		code    int32
	}{
		{"a version that is none", metav1.ListOptions{ResourceVersion: "abc"}, 400},
		{"exactly version 0", metav1.ListOptions{ResourceVersion: "0", ResourceVersionMatch: metav1.ResourceVersionMatchExact}, 422},
		{"a rule without a version", metav1.ListOptions{ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan}, 422},
		{"an unknown rule", metav1.ListOptions{ResourceVersion: "1", ResourceVersionMatch: "Nearly"}, 422},
		{"a page that is none", metav1.ListOptions{Limit: 2, Continue: "broken"}, 400},
	} {
		_, err := s.machines(ns).List(t.Context(), c.options)
		expectStatus(t, "list of "+c.what, err, c.code)
	}
	if _, err := s.machines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: "abc"}); err == nil {
		t.Error("a watch from a version that is none began")
	}
}

func listFuture(t *testing.T, s *suite) {
	ns := s.namespace(t)
	vm := s.create(t, ns, newVM("demo"))
	future := strconv.FormatUint(must(strconv.ParseUint(vm.ResourceVersion, 10, 64))(t)+1_000_000, 10)
	// The client library would try ten times.
	a := s.call(t, http.MethodGet, pathOf(ns, "virtualmachines", "")+"?resourceVersion="+future, "")
	status := a.status(t)
	if a.code != http.StatusGatewayTimeout || status.Reason != metav1.StatusReasonTimeout ||
		!apierrors.HasStatusCause(&apierrors.StatusError{ErrStatus: *status}, metav1.CauseTypeResourceVersionTooLarge) {
		t.Errorf("list of a future version: %d %s", a.code, a.body)
	}
}

func pages(t *testing.T, s *suite) {
	ns := s.namespace(t)
	var want []string
	for i := range 5 {
		want = append(want, s.create(t, ns, newVM("vm"+strconv.Itoa(i))).Name)
	}
	for _, version := range []string{"", "0"} {
		var got []string
		options := metav1.ListOptions{Limit: 2, ResourceVersion: version}
		var of string
		for page := 0; ; page++ {
			list := must(s.machines(ns).List(t.Context(), options))(t)
			got = append(got, names(list)...)
			if version == "" && page == 0 && (len(list.Items) != 2 || list.RemainingItemCount == nil || *list.RemainingItemCount != 3) {
				t.Errorf("first page: %d items, %v remain", len(list.Items), list.RemainingItemCount)
			}
			if page == 0 {
				of = list.ResourceVersion
				// What is created between two pages is not part of the list.
				s.create(t, ns, newVM("vm9"+version))
			} else if list.ResourceVersion != of {
				t.Errorf("page %d is of version %s, the first of %s", page, list.ResourceVersion, of)
			}
			if list.Continue == "" {
				break
			}
			options = metav1.ListOptions{Limit: 2, Continue: list.Continue}
		}
		// The cache may be older than the last object.
		if version == "" && !slices.Equal(got, want) || version == "0" && !slices.Equal(got[:min(5, len(got))], want) {
			t.Errorf("version %q: pages hold %v, want %v", version, got, want)
		}
	}
}

func selectors(t *testing.T, s *suite) {
	ns := s.namespace(t)
	s.create(t, ns, newVM("one", withLabel("app", "web")))
	s.create(t, ns, newVM("two", withLabel("app", "db")))
	must(s.instances(ns).Create(t.Context(), newVMI("demo"), metav1.CreateOptions{}))(t)
	for selector, want := range map[string][]string{
		"app=web": {"one"}, "app in (web,db)": {"one", "two"}, "app!=web": {"two"}, "!app": {}, "app=other": {},
	} {
		if got := names(must(s.machines(ns).List(t.Context(), metav1.ListOptions{LabelSelector: selector}))(t)); !slices.Equal(got, want) {
			t.Errorf("label selector %s selects %v, want %v", selector, got, want)
		}
	}
	for selector, want := range map[string]int{
		"metadata.name=demo": 1, "metadata.name=other": 0, "metadata.namespace=" + ns: 1, "status.phase!=Running": 1, "status.phase=Running": 0,
		"status.nodeName=": 1, "status.nodeName=node1": 0, "status.nodeName=,status.phase!=Running": 1,
	} {
		if list := must(s.instances(ns).List(t.Context(), metav1.ListOptions{FieldSelector: selector}))(t); len(list.Items) != want {
			t.Errorf("field selector %s selects %d instances, want %d", selector, len(list.Items), want)
		}
	}
	_, err := s.instances(ns).List(t.Context(), metav1.ListOptions{FieldSelector: "spec.hostname=x"})
	expectStatus(t, "another field", err, 400, `"spec.hostname" is not supported`)
	_, err = s.machines(ns).List(t.Context(), metav1.ListOptions{LabelSelector: "app in"})
	expectStatus(t, "a selector that is none", err, 400)
}
