// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// manifest returns a virtual machine as a user types it.
func manifest(name, spec string) string {
	return `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"` + name + `"},"spec":` + spec + `}`
}

const (
	diskSpec = `{"runStrategy":"Halted","template":{"spec":{"domain":{"memory":{"guest":"128Mi"},"devices":{"disks":[{"name":"root","disk":{"bus":"virtio"}}]}},` +
		`"volumes":[{"name":"root","containerDisk":{"image":"example.com/guest:1"}}]}}}`
	manualSpec = `{"runStrategy":"Manual"}`
	secondDisk = `{"template":{"spec":{"domain":{"devices":{"disks":[{"name":"data","disk":{"bus":"scsi"}}]}},"volumes":[{"name":"data","emptyDisk":{"capacity":"1Gi"}}]}}}`
)

func apply(t *testing.T, namespace, manager, body string, force bool, subresources ...string) (*v1.VirtualMachine, error) {
	t.Helper()
	var meta metav1.PartialObjectMetadata
	if err := json.Unmarshal([]byte(body), &meta); err != nil {
		t.Fatal(err)
	}
	return machines(namespace).Patch(t.Context(), meta.Name, types.ApplyPatchType, []byte(body),
		metav1.PatchOptions{FieldManager: manager, Force: &force}, subresources...)
}

// owned returns the fields of a manager's entry for a subresource, as dotted paths of two levels.
func owned(t *testing.T, managed []metav1.ManagedFieldsEntry, manager, subresource string) []string {
	t.Helper()
	for _, entry := range managed {
		if entry.Manager != manager || entry.Subresource != subresource {
			continue
		}
		var tree map[string]map[string]any
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &tree); err != nil {
			t.Fatal(err)
		}
		var out []string
		for first, children := range tree {
			for second := range maps.Keys(children) {
				if second != "." {
					out = append(out, strings.TrimPrefix(first, "f:")+"."+strings.TrimPrefix(second, "f:"))
				}
			}
		}
		slices.Sort(out)
		return out
	}
	return nil
}

func TestApplyTwiceWritesOnce(t *testing.T) {
	ns := newNamespace(t)
	first := must(apply(t, ns, "gitops", manifest("demo", diskSpec), false))(t)
	second := must(apply(t, ns, "gitops", manifest("demo", diskSpec), false))(t)
	if first.ResourceVersion != second.ResourceVersion || first.Generation != 1 {
		t.Errorf("the second apply wrote version %s over %s", second.ResourceVersion, first.ResourceVersion)
	}
	// The same for an instance, whose defaults are stored.
	body := strings.NewReplacer(`"VirtualMachine"`, `"VirtualMachineInstance"`).Replace(manifest("demo",
		`{"domain":{"memory":{"guest":"128Mi"}},"volumes":[{"name":"root","containerDisk":{"image":"example.com/guest:1"}}]}`))
	var versions []string
	for range 2 {
		vmi := must(instances(ns).Patch(t.Context(), "demo", types.ApplyPatchType, []byte(body), metav1.PatchOptions{FieldManager: "gitops"}))(t)
		versions = append(versions, vmi.ResourceVersion)
	}
	if versions[0] != versions[1] {
		t.Errorf("the second apply of an instance wrote version %s over %s", versions[1], versions[0])
	}
}

func TestManagersDoNotStealFields(t *testing.T) {
	ns := newNamespace(t)
	must(apply(t, ns, "user", manifest("demo", diskSpec), false))(t)
	_, err := apply(t, ns, "other", manifest("demo", manualSpec), false)
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), `conflict with "user": .spec.runStrategy`) {
		t.Errorf("apply of another's field: %v", err)
	}
	must(apply(t, ns, "other", manifest("demo", manualSpec), true))(t)
	// The one who lost the field can go on without it, not with it.
	_, err = apply(t, ns, "user", manifest("demo", diskSpec), false)
	if !apierrors.IsConflict(err) {
		t.Errorf("apply of a lost field: %v", err)
	}
}

func TestListsMergeByName(t *testing.T) {
	ns := newNamespace(t)
	must(apply(t, ns, "user", manifest("demo", diskSpec), false))(t)
	both := must(apply(t, ns, "storage", manifest("demo", secondDisk), false))(t)
	count := func(vm *v1.VirtualMachine) string {
		spec := vm.Spec.Template.Spec
		return fmt.Sprintf("%d disks, %d volumes", len(spec.Domain.Devices.Disks), len(spec.Volumes))
	}
	if got := count(both); got != "2 disks, 2 volumes" {
		t.Errorf("after a second manager's apply: %s", got)
	}
	if got := count(must(apply(t, ns, "user", manifest("demo", diskSpec), false))(t)); got != "2 disks, 2 volumes" {
		t.Errorf("after the first manager applied again: %s", got)
	}
	if got := count(must(apply(t, ns, "storage", manifest("demo", `{}`), false))(t)); got != "1 disks, 1 volumes" {
		t.Errorf("after the second manager gave its disk up: %s", got)
	}
}

// TestSpecAndStatusAreOwnedApart holds that neither resource claims fields that it does not write.
func TestSpecAndStatusAreOwnedApart(t *testing.T) {
	ns := newNamespace(t)
	body := `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"demo"},"spec":` + diskSpec + `,"status":{"ready":true}}`
	vm := must(apply(t, ns, "user", body, false))(t)
	if vm.Status.Ready {
		t.Error("an apply to the main resource wrote the status")
	}
	vm = must(apply(t, ns, "agent", strings.Replace(body, `"Halted"`, `"Always"`, 1), false, "status"))(t)
	if !vm.Status.Ready || *vm.Spec.RunStrategy != v1.RunStrategyHalted {
		t.Errorf("an apply to the status gave ready %t, run strategy %s", vm.Status.Ready, *vm.Spec.RunStrategy)
	}
	if got := owned(t, vm.ManagedFields, "user", ""); !slices.Equal(got, []string{"spec.runStrategy", "spec.template"}) {
		t.Errorf("the user owns %v", got)
	}
	if got := owned(t, vm.ManagedFields, "agent", "status"); !slices.Equal(got, []string{"status.ready"}) {
		t.Errorf("the agent owns %v", got)
	}
	// The user's next apply leaves the status alone.
	again := must(apply(t, ns, "user", body, false))(t)
	if !again.Status.Ready || again.ResourceVersion != vm.ResourceVersion {
		t.Errorf("the user's second apply: ready %t, version %s after %s", again.Status.Ready, again.ResourceVersion, vm.ResourceVersion)
	}

	vmi := createVMI(t, ns, newVMI("demo"))
	applied := `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"demo"},"spec":{"hostname":"x"},"status":{"phase":"Running","nodeName":"node1"}}`
	got := must(instances(ns).Patch(t.Context(), "demo", types.ApplyPatchType, []byte(applied), metav1.PatchOptions{FieldManager: "agent", Force: ptr(true)}, "status"))(t)
	if got.Status.Phase != v1.Running || got.Spec.Hostname != vmi.Spec.Hostname {
		t.Errorf("an apply to the status of an instance: phase %s, hostname %q", got.Status.Phase, got.Spec.Hostname)
	}
	if got := owned(t, got.ManagedFields, "agent", "status"); !slices.Equal(got, []string{"status.nodeName", "status.phase"}) {
		t.Errorf("the agent owns %v of the instance", got)
	}
}

func TestApplyWithoutManagerIsRefused(t *testing.T) {
	ns := newNamespace(t)
	_, err := machines(ns).Patch(t.Context(), "demo", types.ApplyPatchType, []byte(manifest("demo", diskSpec)), metav1.PatchOptions{})
	expectStatus(t, "apply without a manager", err, 422, "")
}
