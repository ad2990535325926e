// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func generations(t *testing.T, s *suite) {
	ns := s.namespace(t)
	if vm := s.create(t, ns, newVM("demo")); vm.Generation != 1 {
		t.Errorf("generation %d of a new object", vm.Generation)
	}
	for _, step := range []struct {
		what, patch string
		want        int64
		subresource []string
	}{
		{"a label", `{"metadata":{"labels":{"a":"b"}}}`, 1, nil},
		{"a status", `{"status":{"created":true}}`, 1, []string{"status"}},
		{"the same memory in another unit", `{"spec":{"template":{"spec":{"domain":{"memory":{"guest":"131072Ki"}}}}}}`, 1, nil},
		{"a template", `{"spec":{"template":{"spec":{"hostname":"web"}}}}`, 2, nil},
		{"a generation", `{"metadata":{"generation":77}}`, 2, nil},
		{"a status through the main resource", `{"status":{"startFailure":{"consecutiveFailCount":7}}}`, 2, nil},
	} {
		vm := s.patch(t, ns, "demo", step.patch, step.subresource...)
		if vm.Generation != step.want || vm.Status.StartFailure != nil {
			t.Errorf("generation %d after %s, want %d; start failure %v", vm.Generation, step.what, step.want, vm.Status.StartFailure)
		}
	}
	// A change of the spec does not pass for observed before a controller has seen it.
	if vm := s.get(t, ns, "demo"); vm.Status.ObservedGeneration > vm.Generation {
		t.Errorf("observed generation %d of %d", vm.Status.ObservedGeneration, vm.Generation)
	}
}

func conflicts(t *testing.T, s *suite) {
	ns := s.namespace(t)
	vm := s.create(t, ns, newVM("demo"))
	s.patch(t, ns, "demo", `{"metadata":{"labels":{"a":"b"}}}`)
	vm.Spec.Template.Spec.Hostname = "late"
	_, err := s.machines(ns).Update(t.Context(), vm, metav1.UpdateOptions{})
	expectStatus(t, "update of an old version", err, 409, "the object has been modified")
	_, err = s.machines(ns).UpdateStatus(t.Context(), vm, metav1.UpdateOptions{})
	expectStatus(t, "update of the status of an old version", err, 409)
	vm.ResourceVersion = ""
	if got := must(s.machines(ns).Update(t.Context(), vm, metav1.UpdateOptions{}))(t); got.Spec.Template.Spec.Hostname != "late" {
		t.Error("an update that names no version does not mean the current one")
	}
	vm.UID = "other"
	_, err = s.machines(ns).Update(t.Context(), vm, metav1.UpdateOptions{})
	expectStatus(t, "update of another UID", err, 409)
	_, err = s.machines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{})
	expectStatus(t, "create of what exists", err, 409, `virtualmachines.kubevirt.io "demo" already exists`)
}

func generatedNames(t *testing.T, s *suite) {
	ns := s.namespace(t)
	seen := map[string]bool{}
	for range 3 {
		vm := s.create(t, ns, newVM("", func(vm *v1.VirtualMachine) { vm.GenerateName = "gen-" }))
		if !strings.HasPrefix(vm.Name, "gen-") || len(vm.Name) == len("gen-") || seen[vm.Name] || vm.UID == "" || vm.CreationTimestamp.IsZero() {
			t.Errorf("generated %+v", vm.ObjectMeta)
		}
		seen[vm.Name] = true
	}
}

func namespaces(t *testing.T, s *suite) {
	_, err := s.machines("conformance-no-such-namespace").Create(t.Context(), newVM("demo"), metav1.CreateOptions{})
	expectStatus(t, "create in a namespace that does not exist", err, 404, `namespaces "conformance-no-such-namespace" not found`)
	ns := s.namespace(t)
	_, err = s.machines(ns).Create(t.Context(), newVM("demo", func(vm *v1.VirtualMachine) { vm.Namespace = "other" }), metav1.CreateOptions{})
	expectStatus(t, "create of an object of another namespace", err, 400, "does not match")
	vm := s.create(t, ns, newVM("demo"))
	other := s.namespace(t)
	if list := must(s.machines(other).List(t.Context(), metav1.ListOptions{}))(t); len(list.Items) != 0 {
		t.Errorf("another namespace lists %v", names(list))
	}
	if list := must(s.machines("").List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.namespace=" + ns}))(t); len(list.Items) != 1 || list.Items[0].UID != vm.UID {
		t.Errorf("all namespaces list %v", names(list))
	}
}

func unknownFields(t *testing.T, s *suite) {
	ns := s.namespace(t)
	body := strings.Replace(manifest("demo", diskSpec), `"runStrategy"`, `"extra":1,"runStrategy"`, 1)
	path := pathOf(ns, "virtualmachines", "")
	a := s.call(t, http.MethodPost, path+"?fieldValidation=Strict", body, "Content-Type", "application/json")
	if a.code != http.StatusBadRequest || !strings.Contains(a.status(t).Message, `unknown field "spec.extra"`) {
		t.Errorf("strict: %d %s", a.code, a.body)
	}
	a = s.call(t, http.MethodPost, path+"?dryRun=All", body, "Content-Type", "application/json")
	if a.code != http.StatusCreated || !strings.Contains(a.header.Get("Warning"), `unknown field \"spec.extra\"`) {
		t.Errorf("by default: %d, warning %q", a.code, a.header.Get("Warning"))
	}
	a = s.call(t, http.MethodPost, path+"?dryRun=All&fieldValidation=Ignore", body, "Content-Type", "application/json")
	if a.code != http.StatusCreated || a.header.Get("Warning") != "" {
		t.Errorf("ignored: %d, warning %q", a.code, a.header.Get("Warning"))
	}
}

func badRequests(t *testing.T, s *suite) {
	ns := s.namespace(t)
	path := pathOf(ns, "virtualmachines", "")
	for _, c := range []struct {
		what, method, path, body string
		code                     int
		says                     string
	}{
		{"no JSON", http.MethodPost, path, "{", 400, ""},
		{"an empty body", http.MethodPost, path, "", 400, ""},
		{"another kind", http.MethodPost, path, `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"demo"}}`, 400, "VirtualMachineInstance"},
		{"another version", http.MethodPost, path, `{"apiVersion":"kubevirt.io/v9","kind":"VirtualMachine","metadata":{"name":"demo"}}`, 400, "v9"},
		{"a bad name", http.MethodPost, path, manifest("Bad_Name", diskSpec), 422, "metadata.name"},
		{"no name", http.MethodPost, path, manifest("", diskSpec), 422, "name or generateName is required"},
		{"a name that is not the object's", http.MethodPut, path + "/other", manifest("demo", diskSpec), 400, "does not match"},
		{"an unknown verb of a resource", http.MethodPost, path + "/demo", "{}", 405, ""},
		{"an unknown resource", http.MethodGet, pathOf(ns, "virtualmachinez", ""), "", 404, ""},
		{"an unknown object", http.MethodGet, path + "/demo", "", 404, `virtualmachines.kubevirt.io "demo" not found`},
		{"an unknown version", http.MethodGet, "/apis/kubevirt.io/v9/virtualmachines", "", 404, ""},
	} {
		a := s.call(t, c.method, c.path, c.body, "Content-Type", "application/json")
		if a.code != c.code || !strings.Contains(a.body, strings.ReplaceAll(c.says, `"`, `\"`)) {
			t.Errorf("%s: %d %.300s, want %d %s", c.what, a.code, a.body, c.code, c.says)
		}
	}
}

// bodyLimit holds that an object that etcd would not take is refused before it is read whole.
func bodyLimit(t *testing.T, s *suite) {
	ns := s.namespace(t)
	path := pathOf(ns, "virtualmachines", "")
	body := func(size int) string {
		return fmt.Sprintf(`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"demo","annotations":{"a":%q}}}`, strings.Repeat("x", size))
	}
	if a := s.call(t, http.MethodPost, path, body(4<<20), "Content-Type", "application/json"); a.code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 4 MiB: %d %.200s", a.code, a.body)
	}
	if a := s.call(t, http.MethodPost, path, body(1<<20), "Content-Type", "application/json"); a.code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "metadata.annotations") {
		t.Errorf("an annotation of 1 MiB: %d %.200s", a.code, a.body)
	}
}
