// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

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
	secondDisk = `{"template":{"spec":{"domain":{"devices":{"disks":[{"name":"data","disk":{"bus":"scsi"}}]}},"volumes":[{"name":"data","emptyDisk":{"capacity":"1Gi"}}]}}}`
	hostname   = `{"template":{"spec":{"hostname":%q}}}`
)

func (s *suite) apply(t *testing.T, namespace, manager, body string, force bool, subresources ...string) (*v1.VirtualMachine, error) {
	t.Helper()
	var meta metav1.PartialObjectMetadata
	if err := json.Unmarshal([]byte(body), &meta); err != nil {
		t.Fatal(err)
	}
	return s.machines(namespace).Patch(t.Context(), meta.Name, types.ApplyPatchType, []byte(body), metav1.PatchOptions{FieldManager: manager, Force: &force}, subresources...)
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

func applyTwice(t *testing.T, s *suite) {
	ns := s.namespace(t)
	first := must(s.apply(t, ns, "gitops", manifest("demo", diskSpec), false))(t)
	second := must(s.apply(t, ns, "gitops", manifest("demo", diskSpec), false))(t)
	if first.Generation != 1 || second.Generation != 1 || fmt.Sprint(owned(t, first.ManagedFields, "gitops", "")) != fmt.Sprint(owned(t, second.ManagedFields, "gitops", "")) {
		t.Errorf("the second apply changed the object: generation %d after %d", second.Generation, first.Generation)
	}
	if first.ResourceVersion != second.ResourceVersion && fmt.Sprint(first.Status) == fmt.Sprint(second.Status) {
		t.Errorf("the second apply wrote version %s over %s", second.ResourceVersion, first.ResourceVersion)
	}
}

func applyConflicts(t *testing.T, s *suite) {
	ns := s.namespace(t)
	must(s.apply(t, ns, "user", manifest("demo", strings.Replace(diskSpec, `"domain"`, `"hostname":"one","domain"`, 1)), false))(t)
	other := manifest("demo", fmt.Sprintf(hostname, "two"))
	_, err := s.apply(t, ns, "other", other, false)
	expectStatus(t, "apply of another's field", err, 409, `conflict with "user"`, ".spec.template.spec.hostname")
	if got := must(s.apply(t, ns, "other", other, true))(t); got.Spec.Template.Spec.Hostname != "two" {
		t.Errorf("a forced apply set %q", got.Spec.Template.Spec.Hostname)
	}
	// The one who lost the field can go on without it, not with it.
	_, err = s.apply(t, ns, "user", manifest("demo", strings.Replace(diskSpec, `"domain"`, `"hostname":"one","domain"`, 1)), false)
	expectStatus(t, "apply of a lost field", err, 409, `conflict with "other"`)
	if got := must(s.apply(t, ns, "user", manifest("demo", diskSpec), false))(t); got.Spec.Template.Spec.Hostname != "two" {
		t.Errorf("an apply without the lost field left %q", got.Spec.Template.Spec.Hostname)
	}
}

func applyMerges(t *testing.T, s *suite) {
	ns := s.namespace(t)
	count := func(vm *v1.VirtualMachine) string {
		spec := vm.Spec.Template.Spec
		return fmt.Sprintf("%d disks, %d volumes", len(spec.Domain.Devices.Disks), len(spec.Volumes))
	}
	must(s.apply(t, ns, "user", manifest("demo", diskSpec), false))(t)
	for _, step := range []struct{ manager, spec, want string }{
		{"storage", secondDisk, "2 disks, 2 volumes"},
		{"user", diskSpec, "2 disks, 2 volumes"},
		{"storage", `{}`, "1 disks, 1 volumes"},
	} {
		if got := count(must(s.apply(t, ns, step.manager, manifest("demo", step.spec), false))(t)); got != step.want {
			t.Errorf("after an apply of %s: %s, want %s", step.manager, got, step.want)
		}
	}
	// A strategic merge patch knows the keys too.
	vm := must(s.machines(ns).Patch(t.Context(), "demo", types.StrategicMergePatchType, []byte(`{"spec":`+secondDisk+`}`), metav1.PatchOptions{}))(t)
	if got := count(vm); got != "2 disks, 2 volumes" {
		t.Errorf("after a strategic merge patch: %s", got)
	}
}

// applyStatus holds that neither resource claims or resets fields that it does not write.
func applyStatus(t *testing.T, s *suite) {
	ns := s.namespace(t)
	marked := func(vm *v1.VirtualMachine) bool {
		return slices.ContainsFunc(vm.Status.Conditions, func(c v1.VirtualMachineCondition) bool { return c.Type == "Conformance" })
	}
	body := `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"demo"},"spec":` + diskSpec + `,"status":{"conditions":[{"type":"Conformance","status":"True"}]}}`
	if vm := must(s.apply(t, ns, "user", body, false))(t); marked(vm) {
		t.Error("an apply to the main resource wrote the status")
	}
	vm := must(s.apply(t, ns, "agent", strings.Replace(body, `"Halted"`, `"Manual"`, 1), false, "status"))(t)
	if !marked(vm) || *vm.Spec.RunStrategy != v1.RunStrategyHalted {
		t.Errorf("an apply to the status gave conditions %v, run strategy %s", vm.Status.Conditions, *vm.Spec.RunStrategy)
	}
	if got := owned(t, vm.ManagedFields, "user", ""); !slices.Equal(got, []string{"spec.runStrategy", "spec.template"}) {
		t.Errorf("the user owns %v", got)
	}
	if got := owned(t, vm.ManagedFields, "agent", "status"); !slices.Equal(got, []string{"status.conditions"}) {
		t.Errorf("the agent owns %v", got)
	}
	if vm := must(s.apply(t, ns, "user", body, false))(t); !marked(vm) {
		t.Error("the user's next apply reset the status")
	}

	must(s.instances(ns).Create(t.Context(), newVMI("demo"), metav1.CreateOptions{}))(t)
	applied := `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"demo"},"spec":{"hostname":"x"},"status":{"reason":"conformance"}}`
	got := must(s.instances(ns).Patch(t.Context(), "demo", types.ApplyPatchType, []byte(applied), metav1.PatchOptions{FieldManager: "agent", Force: ptr(true)}, "status"))(t)
	if got.Status.Reason != "conformance" || got.Spec.Hostname != "" {
		t.Errorf("an apply to the status of an instance: reason %q, hostname %q", got.Status.Reason, got.Spec.Hostname)
	}
	if got := owned(t, got.ManagedFields, "agent", "status"); !slices.Equal(got, []string{"status.reason"}) {
		t.Errorf("the agent owns %v of the instance", got)
	}
}

func applyManager(t *testing.T, s *suite) {
	ns := s.namespace(t)
	_, err := s.machines(ns).Patch(t.Context(), "demo", types.ApplyPatchType, []byte(manifest("demo", diskSpec)), metav1.PatchOptions{})
	expectStatus(t, "apply without a manager", err, 422, "fieldManager")
	_, err = s.apply(t, ns, "user", strings.Replace(manifest("demo", diskSpec), `"runStrategy"`, `"runStrateggy"`, 1), false)
	expectStatus(t, "apply of an unknown field", err, 500, "runStrateggy")
}
