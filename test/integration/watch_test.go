// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
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
