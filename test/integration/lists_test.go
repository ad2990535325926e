// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func names(list *v1.VirtualMachineList) []string {
	out := []string{}
	for _, vm := range list.Items {
		out = append(out, vm.Name)
	}
	return out
}

func instanceNames(list *v1.VirtualMachineInstanceList) []string {
	out := []string{}
	for _, vmi := range list.Items {
		out = append(out, vmi.Name)
	}
	return out
}

func TestSelectors(t *testing.T) {
	ns := newNamespace(t)
	for i, node := range []string{"node1", "node1", "node2", ""} {
		phase := v1.Running
		if i == 1 {
			phase = v1.Failed
		}
		vmi := createVMI(t, ns, newVMI(fmt.Sprint("v", i), func(vmi *v1.VirtualMachineInstance) { vmi.Labels = map[string]string{"n": fmt.Sprint(i % 2)} }))
		setPhase(t, vmi, phase, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = node })
	}
	for _, c := range []struct {
		field, label string
		want         []string
	}{
		{"status.nodeName=node1", "", []string{"v0", "v1"}},
		{"status.nodeName=node1,status.phase=Running", "", []string{"v0"}},
		{"status.nodeName=", "", []string{"v3"}},
		{"status.phase!=Running", "", []string{"v1"}},
		{"status.nodeName=node1", "n=1", []string{"v1"}},
		{"metadata.name=v2", "", []string{"v2"}},
		{"status.nodeName=nowhere", "", []string{}},
	} {
		// Version 0 is answered from the index of the watch cache, no version by the newest state.
		for _, version := range []string{"", "0"} {
			options := metav1.ListOptions{FieldSelector: c.field, LabelSelector: c.label, ResourceVersion: version}
			eventually(t, fmt.Sprintf("list %+v", options), func(ctx context.Context) error {
				list, err := instances(ns).List(ctx, options)
				if err != nil {
					return err
				}
				if got := instanceNames(list); !slices.Equal(got, c.want) {
					return fmt.Errorf("got %v, want %v", got, c.want)
				}
				return nil
			})
		}
	}
	_, err := instances(ns).List(t.Context(), metav1.ListOptions{FieldSelector: "spec.hostname=x"})
	expectStatus(t, "other field", err, 400, `field label "spec.hostname" is not supported: use metadata.name, metadata.namespace, status.nodeName or status.phase`)
	_, err = machines(ns).List(t.Context(), metav1.ListOptions{FieldSelector: "status.nodeName=x"})
	expectStatus(t, "field of the other kind", err, 400, "")
}

func TestPagination(t *testing.T) {
	ns := newNamespace(t)
	var want []string
	for i := range 5 {
		want = append(want, create(t, ns, newVM(fmt.Sprint("vm", i))).Name)
	}
	var got []string
	options := metav1.ListOptions{Limit: 2}
	for page := 0; ; page++ {
		list := must(machines(ns).List(t.Context(), options))(t)
		got = append(got, names(list)...)
		if page == 0 {
			if len(list.Items) != 2 || list.RemainingItemCount == nil || *list.RemainingItemCount != 3 {
				t.Errorf("first page: %d items, %v remain", len(list.Items), list.RemainingItemCount)
			}
			// What is created between two pages is not part of the list.
			create(t, ns, newVM("vm9"))
		}
		if list.Continue == "" {
			break
		}
		options.Continue = list.Continue
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages hold %v, want %v", got, want)
	}
	_, err := machines(ns).List(t.Context(), metav1.ListOptions{Limit: 2, Continue: "broken"})
	expectStatus(t, "a token that is none", err, 400, "")
}

func TestDeleteCollectionObeysItsSelectors(t *testing.T) {
	ns := newNamespace(t)
	for i := range 4 {
		create(t, ns, newVM(fmt.Sprint("vm", i), func(vm *v1.VirtualMachine) {
			vm.Labels = map[string]string{"half": fmt.Sprint(i % 2)}
			vm.Finalizers = []string{"example.com/keep"}
		}))
	}
	deleting := func() []string {
		out := []string{}
		for _, vm := range must(machines(ns).List(t.Context(), metav1.ListOptions{}))(t).Items {
			if vm.DeletionTimestamp != nil {
				out = append(out, vm.Name)
			}
		}
		return out
	}
	step := func(options metav1.ListOptions, want ...string) {
		t.Helper()
		if err := machines(ns).DeleteCollection(t.Context(), metav1.DeleteOptions{}, options); err != nil {
			t.Fatal(err)
		}
		if got := deleting(); !slices.Equal(got, want) {
			t.Errorf("after %+v these are being deleted: %v, want %v", options, got, want)
		}
	}
	step(metav1.ListOptions{LabelSelector: "half=2"})
	step(metav1.ListOptions{FieldSelector: "metadata.name=vm2"}, "vm2")
	step(metav1.ListOptions{LabelSelector: "half=1"}, "vm1", "vm2", "vm3")
	step(metav1.ListOptions{}, "vm0", "vm1", "vm2", "vm3")
}

// TestNamespacesEmpty holds what the namespace controller does to a namespace that is deleted.
func TestNamespacesEmpty(t *testing.T) {
	ns := newNamespace(t)
	create(t, ns, newVM("demo"))
	createVMI(t, ns, newVMI("demo"))
	if err := cluster.core.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "create in a namespace that ends", func(ctx context.Context) error {
		_, err := machines(ns).Create(ctx, newVM("", func(vm *v1.VirtualMachine) { vm.GenerateName = "late-" }), metav1.CreateOptions{})
		if !apierrors.HasStatusCause(err, "NamespaceTerminating") {
			return fmt.Errorf("got %v, want a refusal", err)
		}
		return nil
	})
	// Updates go on, or finalizers could not be removed.
	vm := getVM(t, ns, "demo")
	vm.Finalizers = nil
	must(machines(ns).Update(t.Context(), vm, metav1.UpdateOptions{}))(t)
	for range 2 { // the second finds what the first left
		if err := machines(ns).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := instances(ns).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	vmi := getVMI(t, ns, "demo")
	vmi.Finalizers = nil
	must(instances(ns).Update(t.Context(), vmi, metav1.UpdateOptions{}))(t)
	if left := must(instances(ns).List(t.Context(), metav1.ListOptions{}))(t); len(left.Items) != 0 {
		t.Errorf("%v are left", instanceNames(left))
	}
	for _, name := range names(must(machines(ns).List(t.Context(), metav1.ListOptions{}))(t)) {
		if name == "demo" {
			t.Error("the virtual machine without finalizers is left")
		}
	}
}

func TestResourceVersionsOfReads(t *testing.T) {
	ns := newNamespace(t)
	first := create(t, ns, newVM("first"))
	list := must(machines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	create(t, ns, newVM("second"))
	if got := names(must(machines(ns).List(t.Context(), metav1.ListOptions{}))(t)); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("a list without version misses the last write: %v", got)
	}
	exact := metav1.ListOptions{ResourceVersion: list.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact}
	if got := must(machines(ns).List(t.Context(), exact))(t); !slices.Equal(names(got), []string{"first"}) || got.ResourceVersion != list.ResourceVersion {
		t.Errorf("a list of version %s holds %v of version %s", list.ResourceVersion, names(got), got.ResourceVersion)
	}
	newer := metav1.ListOptions{ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan}
	if got := names(must(machines(ns).List(t.Context(), newer))(t)); !slices.Contains(got, "first") {
		t.Errorf("a list not older than the first object misses it: %v", got)
	}
	must(machines(ns).Get(t.Context(), "first", metav1.GetOptions{ResourceVersion: "0"}))(t)
	must(machines(ns).Get(t.Context(), "first", metav1.GetOptions{ResourceVersion: first.ResourceVersion}))(t)

	_, err := machines(ns).List(t.Context(), metav1.ListOptions{ResourceVersion: "abc"})
	expectStatus(t, "list of a version that is none", err, 400, "")
	_, err = machines(ns).List(t.Context(), metav1.ListOptions{ResourceVersion: "0", ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	expectStatus(t, "list of exactly version 0", err, 422, "")
}

func TestAVersionInTheFutureTimesOut(t *testing.T) {
	t.Parallel() // the server waits three seconds for the version to come
	ns := newNamespace(t)
	vm := create(t, ns, newVM("demo"))
	future := strconv.FormatUint(must(strconv.ParseUint(vm.ResourceVersion, 10, 64))(t)+1_000_000, 10)
	// The client library would try ten times.
	a := call(t, cluster.direct, http.MethodGet, pathOf("kubevirt.io", ns, "virtualmachines", "")+"?resourceVersion="+future, "", nil)
	status := a.status(t)
	if a.code != http.StatusGatewayTimeout || status.Reason != metav1.StatusReasonTimeout || !apierrors.HasStatusCause(&apierrors.StatusError{ErrStatus: *status}, metav1.CauseTypeResourceVersionTooLarge) {
		t.Errorf("list of a future version: %d %s", a.code, a.body)
	}
}
