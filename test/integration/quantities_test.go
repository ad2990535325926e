// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// TestQuantitiesWithHugeExponentsAreRefusedAtOnce holds for every way that a quantity comes in: to compare one of these takes hours.
func TestQuantitiesWithHugeExponentsAreRefusedAtOnce(t *testing.T) {
	s := startOwnServer(t, "quantities")
	login := must(s.login("admin", "system:masters"))(t)
	ns := newNamespace(t)
	must(s.api.VirtualMachines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{}))(t)
	const memory = `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"demo"},
		"spec":{"runStrategy":"Halted","template":{"spec":{"domain":{"memory":{"guest":"1e999999999"}}}}}}`
	for _, c := range []struct{ name, method, object, query, kind, body string }{
		{"create", http.MethodPost, "", "", "json", memory},
		{"update", http.MethodPut, "demo", "", "json", memory},
		{"merge patch", http.MethodPatch, "demo", "", "merge-patch+json", memory},
		{"JSON patch", http.MethodPatch, "demo", "", "json-patch+json", `[{"op":"add","path":"/spec/template/spec/domain/memory","value":{"guest":"1e999999999"}}]`},
		{"apply", http.MethodPatch, "demo", "?fieldManager=test&force=true", "apply-patch+yaml", memory},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			a, err := send(ctx, login, c.method, pathOf("kubevirt.io", ns, "virtualmachines", c.object)+c.query, c.body, map[string]string{"Content-Type": "application/" + c.kind})
			if err != nil {
				t.Fatal(err)
			}
			if a.code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "spec.template.spec.domain.memory.guest") {
				t.Errorf("%d %.300s, want a problem of memory.guest", a.code, a.body)
			}
		})
	}
}

// TestQuantitiesThatTakeLongToParseAreRefusedAtOnce holds for every way that a quantity comes in: to parse one of these takes minutes,
// before anything else is looked at.
func TestQuantitiesThatTakeLongToParseAreRefusedAtOnce(t *testing.T) {
	s := startOwnServer(t, "tinyquantities")
	login := must(s.login("admin", "system:masters"))(t)
	ns := newNamespace(t)
	must(s.api.VirtualMachines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{}))(t)
	const (
		guest  = "spec.template.spec.domain.memory.guest"
		before = `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"demo"},
			"spec":{"runStrategy":"Halted","template":{"spec":{"domain":{"memory":{"guest":`
		object = before + `"1e-999999999"}}}}}}`
		inYAML = "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: demo}\nspec:\n  runStrategy: Halted\n" +
			"  template: {spec: {domain: {memory: {guest: \"1e-\\x39\\\n   99999999\"}}}}\n"
		add = `[{"op":"add","path":"/spec/template/spec/domain/memory","value":{"guest":"1e-999999999"}}]`
	)
	for _, c := range []struct{ name, method, group, object, kind, body, want string }{
		{"create", http.MethodPost, "kubevirt.io", "", "json", object, guest},
		{"create with a number", http.MethodPost, "kubevirt.io", "", "json", before + `1e-999999999}}}}}}`, guest},
		{"create with an exponent that wraps around", http.MethodPost, "kubevirt.io", "", "json", before + `"1e3294967296"}}}}}}`, guest},
		{"create in YAML", http.MethodPost, "kubevirt.io", "", "yaml", inYAML, guest},
		{"create in protobuf", http.MethodPost, "kubevirt.io", "", "vnd.kubernetes.protobuf", tinyInProtobuf(t), ""},
		{"update", http.MethodPut, "kubevirt.io", "demo", "json", object, guest},
		{"update in protobuf", http.MethodPut, "kubevirt.io", "demo", "vnd.kubernetes.protobuf", tinyInProtobuf(t), ""},
		{"merge patch", http.MethodPatch, "kubevirt.io", "demo", "merge-patch+json", object, guest},
		{"strategic merge patch", http.MethodPatch, "kubevirt.io", "demo", "strategic-merge-patch+json", object, guest},
		{"JSON patch", http.MethodPatch, "kubevirt.io", "demo", "json-patch+json", add, "[0].value.guest"},
		{"JSON patch that copies the name", http.MethodPatch, "kubevirt.io", "demo", "json-patch+json",
			`[{"op":"copy","from":"/metadata/name","path":"/spec/template/spec/domain/memory/guest"}]`, "metadata"},
		{"apply", http.MethodPatch, "kubevirt.io", "demo?fieldManager=test&force=true", "apply-patch+yaml", object, guest},
		{"apply in YAML", http.MethodPatch, "kubevirt.io", "demo?fieldManager=test&force=true", "apply-patch+yaml", inYAML, guest},
		{"status", http.MethodPatch, "kubevirt.io", "demo/status", "merge-patch+json", `{"status":{"x":"1e-999999999"}}`, "status.x"},
		{"a verb", http.MethodPut, "subresources.kubevirt.io", "demo/addvolume", "json",
			"name: a\nvolumeSource: {emptyDisk: {capacity: '1e-999999999'}}", "volumeSource.emptyDisk.capacity"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refusedAtOnce(t, func(ctx context.Context) (answer, error) {
				return send(ctx, login, c.method, pathOf(c.group, ns, "virtualmachines", c.object), c.body, map[string]string{"Content-Type": "application/" + c.kind})
			}, c.want)
		})
	}
	for _, group := range []string{"kubevirt.io", "subresources.kubevirt.io"} {
		t.Run("expansion by "+group, func(t *testing.T) {
			refusedAtOnce(t, func(ctx context.Context) (answer, error) {
				return send(ctx, login, http.MethodPut, "/apis/"+group+"/v1/namespaces/"+ns+"/expand-vm-spec", inYAML, map[string]string{"Content-Type": "application/json"})
			}, guest)
		})
	}
}

func refusedAtOnce(t *testing.T, request func(context.Context) (answer, error), want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	begin := time.Now()
	a, err := request(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("the answer took %s", took)
	}
	if a.code != http.StatusBadRequest || !strings.Contains(a.body, want) || want != "metadata" && !strings.Contains(a.body, "write a plain number") {
		t.Errorf("%d %.500s, want 400 of %q", a.code, a.body, want)
	}
}

// tinyInProtobuf replaces the text of a quantity by one of the same length, which no encoder would write.
func tinyInProtobuf(t *testing.T) string {
	t.Helper()
	const text = "123456789Ki"
	vm := newVM("demo", func(vm *v1.VirtualMachine) { *vm.Spec.Template.Spec.Domain.Memory.Guest = resource.MustParse(text) })
	unknown := &runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "kubevirt.io/v1", Kind: "VirtualMachine"}, Raw: must(vm.Marshal())(t)}
	body := must(unknown.Marshal())(t)
	if n := bytes.Count(body, []byte(text)); n != 1 {
		t.Fatalf("the object has its quantity %d times", n)
	}
	return "k8s\x00" + string(bytes.Replace(body, []byte(text), []byte("1e-99999999"), 1))
}
