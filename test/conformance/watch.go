// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// next returns the next event of a watch, or fails the test when none comes.
func next(t *testing.T, w watch.Interface) watch.Event {
	t.Helper()
	select {
	case event, ok := <-w.ResultChan():
		if !ok {
			t.Fatal("the watch ended")
		}
		return event
	case <-time.After(patience):
		t.Fatal("no event came")
	}
	panic("not reached")
}

// await returns the next event of a kind. It passes over changes, which controllers may make at any time.
func await(t *testing.T, w watch.Interface, kind watch.EventType, name string, want func(*v1.VirtualMachine) bool) *v1.VirtualMachine {
	t.Helper()
	for {
		event := next(t, w)
		vm, ok := event.Object.(*v1.VirtualMachine)
		switch {
		case !ok || vm.Name != name:
			t.Fatalf("event %s of %v, want %s of %s", event.Type, event.Object, kind, name)
		case event.Type == kind && (want == nil || want(vm)):
			return vm
		case event.Type != watch.Modified:
			t.Fatalf("event %s of %s, want %s", event.Type, name, kind)
		}
	}
}

func labelled(value string) func(*v1.VirtualMachine) bool {
	return func(vm *v1.VirtualMachine) bool { return vm.Labels["app"] == value }
}

func watchSeesEachChange(t *testing.T, s *suite) {
	ns := s.namespace(t)
	list := must(s.machines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	w := must(s.machines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion}))(t)
	defer w.Stop()
	s.create(t, ns, newVM("demo", withLabel("app", "web")))
	await(t, w, watch.Added, "demo", labelled("web"))
	s.patch(t, ns, "demo", `{"metadata":{"labels":{"app":"db"}}}`)
	await(t, w, watch.Modified, "demo", labelled("db"))
	s.patch(t, ns, "demo", `{"status":{"ready":true}}`, "status")
	await(t, w, watch.Modified, "demo", func(vm *v1.VirtualMachine) bool { return vm.Status.Ready })
	s.release(t, ns, "demo")
	gone := await(t, w, watch.Deleted, "demo", labelled("db"))
	if !newer(t, gone.ResourceVersion, list.ResourceVersion) {
		t.Errorf("the object was deleted in version %s, after version %s", gone.ResourceVersion, list.ResourceVersion)
	}
}

func watchReplays(t *testing.T, s *suite) {
	ns := s.namespace(t)
	list := must(s.machines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	first := s.create(t, ns, newVM("demo", withLabel("app", "web")))
	s.patch(t, ns, "demo", `{"metadata":{"labels":{"app":"db"}}}`)
	s.release(t, ns, "demo")

	w := must(s.machines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion}))(t)
	defer w.Stop()
	if got := await(t, w, watch.Added, "demo", labelled("web")); got.ResourceVersion != first.ResourceVersion {
		t.Errorf("the replay begins with version %s, want %s", got.ResourceVersion, first.ResourceVersion)
	}
	await(t, w, watch.Modified, "demo", labelled("db"))
	await(t, w, watch.Deleted, "demo", nil)
}

func watchBySelector(t *testing.T, s *suite) {
	ns := s.namespace(t)
	vm := s.create(t, ns, newVM("demo", withLabel("app", "web")))
	w := must(s.machines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: vm.ResourceVersion, LabelSelector: "app=web"}))(t)
	defer w.Stop()
	// An object that leaves the selection is deleted for who selected it, and added when it comes back.
	s.patch(t, ns, "demo", `{"metadata":{"labels":{"app":"db"}}}`)
	await(t, w, watch.Deleted, "demo", nil)
	s.patch(t, ns, "demo", `{"metadata":{"labels":{"app":"web"}}}`)
	await(t, w, watch.Added, "demo", nil)
}

func watchList(t *testing.T, s *suite) {
	ns := s.namespace(t)
	want := map[string]bool{}
	for i := range 3 {
		want[s.create(t, ns, newVM(fmt.Sprint("vm", i))).Name] = true
	}
	begin := metav1.ListOptions{SendInitialEvents: ptr(true), AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan}
	w := must(s.machines(ns).Watch(t.Context(), begin))(t)
	defer w.Stop()
	for {
		event := next(t, w)
		vm, ok := event.Object.(*v1.VirtualMachine)
		if !ok {
			t.Fatalf("event %s of %v", event.Type, event.Object)
		}
		if event.Type == watch.Bookmark {
			if vm.Annotations[metav1.InitialEventsAnnotationKey] != "true" || vm.ResourceVersion == "" || len(want) != 0 {
				t.Errorf("bookmark %+v, with %v still to come", vm.ObjectMeta, want)
			}
			break
		}
		delete(want, vm.Name)
	}
	s.create(t, ns, newVM("later"))
	for event := next(t, w); event.Type != watch.Added || event.Object.(*v1.VirtualMachine).Name != "later"; event = next(t, w) {
		if event.Type != watch.Modified {
			t.Fatalf("event %s of %v, want the new object", event.Type, event.Object)
		}
	}
	begin.ResourceVersionMatch = ""
	_, err := s.machines(ns).Watch(t.Context(), begin)
	expectStatus(t, "initial events without a rule for the version", err, 422, "resourceVersionMatch")
}

func watchBookmarks(t *testing.T, s *suite) {
	ns, other := s.namespace(t), s.namespace(t)
	list := must(s.machines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	// A bookmark comes shortly before the time of a watch is up.
	w := must(s.machines(ns).Watch(t.Context(), metav1.ListOptions{
		ResourceVersion: list.ResourceVersion, AllowWatchBookmarks: true, TimeoutSeconds: ptr(int64(7)),
	}))(t)
	defer w.Stop()
	// The watch gets none of what happens elsewhere, only how far it has come.
	elsewhere := s.create(t, other, newVM("demo"))
	event := next(t, w)
	bookmark, ok := event.Object.(*v1.VirtualMachine)
	if event.Type != watch.Bookmark || !ok || bookmark.Name != "" {
		t.Fatalf("event %s of %+v, want a bookmark", event.Type, event.Object)
	}
	if newer(t, elsewhere.ResourceVersion, bookmark.ResourceVersion) {
		t.Errorf("bookmark of version %s, want at least %s", bookmark.ResourceVersion, elsewhere.ResourceVersion)
	}
}

func watchFromZero(t *testing.T, s *suite) {
	ns := s.namespace(t)
	vm := s.create(t, ns, newVM("demo"))
	// The cache has the object once it answers a read that is at least as new.
	must(s.machines(ns).List(t.Context(), metav1.ListOptions{ResourceVersion: vm.ResourceVersion}))(t)
	for _, version := range []string{"", "0"} {
		w := must(s.machines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: version}))(t)
		await(t, w, watch.Added, "demo", nil)
		w.Stop()
	}
}

func watchTimeout(t *testing.T, s *suite) {
	ns := s.namespace(t)
	begin := time.Now()
	w := must(s.machines(ns).Watch(t.Context(), metav1.ListOptions{TimeoutSeconds: ptr(int64(2))}))(t)
	defer w.Stop()
	select {
	case event, ok := <-w.ResultChan():
		if ok || time.Since(begin) < time.Second {
			t.Errorf("event %v after %s, want an orderly end after 2 s", event, time.Since(begin))
		}
	case <-time.After(patience):
		t.Error("the watch does not end")
	}
}

// newer tells that one version came after another of the same server.
func newer(t *testing.T, version, other string) bool {
	t.Helper()
	number := func(s string) uint64 { return must(strconv.ParseUint(s, 10, 64))(t) }
	return number(version) > number(other)
}
