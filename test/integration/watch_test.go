// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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

// expectEvent checks the next event by kind and name.
func expectEvent(t *testing.T, w watch.Interface, kind watch.EventType, name string) watch.Event {
	t.Helper()
	event := next(t, w)
	object, ok := event.Object.(metav1.Object)
	if event.Type != kind || !ok || object.GetName() != name {
		t.Fatalf("event %s of %v, want %s of %s", event.Type, event.Object, kind, name)
	}
	return event
}

func TestWatch(t *testing.T) {
	ns := newNamespace(t)
	list := must(machines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	w := must(machines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion}))(t)
	defer w.Stop()
	create(t, ns, newVM("demo", func(vm *v1.VirtualMachine) { vm.Labels = map[string]string{"app": "web"} }))
	added := expectEvent(t, w, watch.Added, "demo").Object.(*v1.VirtualMachine)

	labelled := must(machines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: added.ResourceVersion, LabelSelector: "app=web"}))(t)
	defer labelled.Stop()
	patch := func(body string) {
		t.Helper()
		must(machines(ns).Patch(t.Context(), "demo", types.MergePatchType, []byte(body), metav1.PatchOptions{}))(t)
	}
	patch(`{"spec":{"runStrategy":"Manual"}}`)
	expectEvent(t, w, watch.Modified, "demo")
	expectEvent(t, labelled, watch.Modified, "demo")
	// An object that leaves the selection is deleted for who selected it.
	patch(`{"metadata":{"labels":{"app":"db"}}}`)
	expectEvent(t, w, watch.Modified, "demo")
	expectEvent(t, labelled, watch.Deleted, "demo")
	patch(`{"metadata":{"labels":{"app":"web"}}}`)
	expectEvent(t, w, watch.Modified, "demo")
	expectEvent(t, labelled, watch.Added, "demo")

	patch(`{"metadata":{"finalizers":null}}`)
	expectEvent(t, w, watch.Modified, "demo")
	if err := machines(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	expectEvent(t, w, watch.Deleted, "demo")

	// A watch that names a version replays what came after it.
	replay := must(machines(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion}))(t)
	defer replay.Stop()
	expectEvent(t, replay, watch.Added, "demo")
	for range 4 {
		expectEvent(t, replay, watch.Modified, "demo")
	}
	expectEvent(t, replay, watch.Deleted, "demo")
}

// TestWatchOfANode holds what each node plugin does.
func TestWatchOfANode(t *testing.T) {
	ns := newNamespace(t)
	mine := must(instances(ns).Watch(t.Context(), metav1.ListOptions{FieldSelector: "status.nodeName=node1"}))(t)
	defer mine.Stop()
	other := setPhase(t, createVMI(t, ns, newVMI("other")), v1.Scheduled, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "node2" })
	vmi := setPhase(t, createVMI(t, ns, newVMI("mine")), v1.Scheduled, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "node1" })
	expectEvent(t, mine, watch.Added, "mine")
	setPhase(t, other, v1.Running)
	vmi = setPhase(t, vmi, v1.Running)
	expectEvent(t, mine, watch.Modified, "mine")
	setPhase(t, vmi, v1.Pending, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "" })
	expectEvent(t, mine, watch.Deleted, "mine")
}

func TestAWatchCanBeginWithTheState(t *testing.T) {
	ns := newNamespace(t)
	want := map[string]bool{}
	for i := range 3 {
		want[create(t, ns, newVM(fmt.Sprint("vm", i))).Name] = true
	}
	w := must(machines(ns).Watch(t.Context(), metav1.ListOptions{
		SendInitialEvents: ptr(true), AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	}))(t)
	defer w.Stop()
	for {
		event := next(t, w)
		vm, ok := event.Object.(*v1.VirtualMachine)
		if !ok {
			t.Fatalf("event %s of %v", event.Type, event.Object)
		}
		if event.Type == watch.Bookmark {
			if vm.Annotations["k8s.io/initial-events-end"] != "true" || vm.ResourceVersion == "" || len(want) != 0 {
				t.Errorf("bookmark %+v, with %v still to come", vm.ObjectMeta, want)
			}
			break
		}
		if event.Type != watch.Added || !want[vm.Name] {
			t.Fatalf("event %s of %s", event.Type, vm.Name)
		}
		delete(want, vm.Name)
	}
	create(t, ns, newVM("later"))
	expectEvent(t, w, watch.Added, "later")

	_, err := machines(ns).Watch(t.Context(), metav1.ListOptions{SendInitialEvents: ptr(true), AllowWatchBookmarks: true})
	expectStatus(t, "initial events without a rule for the version", err, 422, "")
}

func TestWatchesGetBookmarks(t *testing.T) {
	t.Parallel() // a bookmark comes when the watch is about to end
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w := must(machines(ns).Watch(ctx, metav1.ListOptions{
		ResourceVersion: vm.ResourceVersion, AllowWatchBookmarks: true, TimeoutSeconds: ptr(int64(7)),
	}))(t)
	defer w.Stop()
	// The watch gets none of what happens elsewhere, only how far it has come.
	elsewhere := create(t, newNamespace(t), newVM("demo"))
	event := next(t, w)
	bookmark, ok := event.Object.(*v1.VirtualMachine)
	if event.Type != watch.Bookmark || !ok || bookmark.Name != "" {
		t.Fatalf("event %s of %+v, want a bookmark", event.Type, event.Object)
	}
	number := func(version string) uint64 { return must(strconv.ParseUint(version, 10, 64))(t) }
	if number(bookmark.ResourceVersion) < number(elsewhere.ResourceVersion) {
		t.Errorf("bookmark of version %s, want at least %s", bookmark.ResourceVersion, elsewhere.ResourceVersion)
	}
}
