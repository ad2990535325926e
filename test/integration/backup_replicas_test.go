// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// TestRestoreOfThreeReplicas holds the documented way: shrink to one, restore it, grow again. Replicas
// whose volumes hold what was replaced take over what was restored.
func TestRestoreOfThreeReplicas(t *testing.T) {
	ns := newNamespace(t)
	r := newReplicas(t, "restored", 3)
	for range 3 {
		r.add()
	}
	for _, s := range r.all {
		s.await(t)
	}
	first := r.all[0]
	must(first.api.VirtualMachines(ns).Create(t.Context(), newVM("saved"), metav1.CreateOptions{}))(t)
	saved := must(first.api.VirtualMachines(ns).List(t.Context(), metav1.ListOptions{}))(t)
	// Any member has all objects.
	file, told, err := runCommand(t, nil, "backup", "--data-dir="+r.all[1].dataDir, "-")
	if err != nil {
		t.Fatalf("backup tells %q: %v", told, err)
	}
	late := must(r.all[2].api.VirtualMachines(ns).Create(t.Context(), newVM("late"), metav1.CreateOptions{}))(t)

	_, _, err = runCommand(t, file, "restore", "--data-dir="+first.dataDir, "--replace", "-")
	if err == nil || !strings.Contains(err.Error(), "scale the StatefulSet to one replica") {
		t.Fatalf("restore beneath one of three: %v, want to be told to scale", err)
	}
	r.scale(1)
	ended := make(chan error, 2)
	for _, s := range r.all[1:] {
		go func() { ended <- s.terminate() }()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("a replica ended with %v", err)
		}
	}
	if _, told, err = runCommand(t, file, "restore", "--data-dir="+first.dataDir, "--replace", "-"); err != nil {
		t.Fatalf("restore tells %q: %v: %s", told, err, kubeapiserver.Tail(first.log))
	}
	first.await(t)
	r.scale(3)
	for _, s := range r.all[1:] {
		s.begin(t)
	}
	for i, s := range r.all {
		s.await(t)
		list := must(s.api.VirtualMachines(ns).List(t.Context(), metav1.ListOptions{}))(t)
		if got, want := versions(list.Items), versions(saved.Items); !maps.Equal(got, want) {
			t.Errorf("replica %d holds %v, want %v", i, got, want)
		}
		if number(t, list.ResourceVersion) <= number(t, late.ResourceVersion) {
			t.Errorf("replica %d lists version %s, a client has seen %s", i, list.ResourceVersion, late.ResourceVersion)
		}
	}
	for i, s := range r.all {
		must(s.api.VirtualMachines(ns).Create(t.Context(), newVM(fmt.Sprint("through-", i)), metav1.CreateOptions{}))(t)
	}
}
