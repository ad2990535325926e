// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const plain = `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"demo"},"spec":{"runStrategy":"Halted","template":{"spec":{"domain":{"devices":{}}}}}}`

func expandBody(body string) (http.Handler, error) {
	return ExpandVMSpec(httptest.NewRequest("PUT", "/", strings.NewReader(body)), "default")
}

func TestAMachineWithoutInstanceTypeExpandsToItself(t *testing.T) {
	handler, err := expandBody(plain)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, nil)
	var vm v1.VirtualMachine
	if err := json.Unmarshal(w.Body.Bytes(), &vm); err != nil {
		t.Fatal(err)
	}
	if w.Code != 200 || vm.APIVersion != "kubevirt.io/v1" || vm.Kind != "VirtualMachine" || vm.Namespace != "default" || *vm.Spec.RunStrategy != v1.RunStrategyHalted {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, err := expandBody("apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nspec: {template: {spec: {domain: {devices: {}}}}}\n"); err != nil {
		t.Errorf("YAML: %v", err)
	}
}

func TestWhatCannotBeExpanded(t *testing.T) {
	for _, c := range []struct {
		name, body, want string
		causes           []string
	}{
		{"no body", " ", "empty request body", nil},
		{"no object", "[", "Can not unmarshal Request body to struct, error: ", nil},
		{"another namespace", strings.Replace(plain, `"name":"demo"`, `"namespace":"other"`, 1), "VM namespace must be empty or default", nil},
		{"another kind", strings.Replace(plain, `"VirtualMachine"`, `"Pod"`, 1), "Object is not a valid VirtualMachine", []string{`kind is "Pod", want VirtualMachine`}},
		{"another version and no template", `{"apiVersion":"v1","kind":"VirtualMachine"}`, "Object is not a valid VirtualMachine",
			[]string{`apiVersion is "v1", want kubevirt.io/v1`, "spec.template is missing"}},
		{"an unknown field", strings.Replace(plain, `"devices"`, `"device"`, 1), "Object is not a valid VirtualMachine", []string{`json: unknown field "device"`}},
	} {
		_, err := expandBody(c.body)
		var known apierrors.APIStatus
		if !errors.As(err, &known) || known.Status().Code != 400 || !strings.HasPrefix(known.Status().Message, c.want) {
			t.Errorf("%s: %v, want 400 %s", c.name, err, c.want)
			continue
		}
		var causes []string
		if d := known.Status().Details; d != nil {
			for _, cause := range d.Causes {
				causes = append(causes, cause.Message)
			}
		}
		if strings.Join(causes, "; ") != strings.Join(c.causes, "; ") {
			t.Errorf("%s: causes %q, want %q", c.name, causes, c.causes)
		}
	}
	_, err := expandBody(strings.Replace(plain, `"runStrategy":"Halted"`, `"instancetype":{"name":"small"}`, 1))
	var known apierrors.APIStatus
	if !errors.As(err, &known) || known.Status().Code != 501 || !strings.Contains(known.Status().Message, "spec.instancetype") {
		t.Errorf("an instance type: %v", err)
	}
}
