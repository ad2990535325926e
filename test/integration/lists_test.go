// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"slices"
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
