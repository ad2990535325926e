// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
