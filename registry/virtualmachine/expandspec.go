// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// expandSpec returns the virtual machine called name with all that its instance type and preference add.
func (v verbs) expandSpec(req *http.Request, name string) (http.Handler, error) {
	vm, err := v.machines.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	expanded, err := expand(vm)
	if err != nil {
		return nil, err
	}
	return subresource.JSON(expanded)
}

// expand returns a virtual machine as it would be without instance type and preference.
func expand(vm *v1.VirtualMachine) (*v1.VirtualMachine, error) {
	if vm.Spec.Instancetype != nil || vm.Spec.Preference != nil {
		return nil, subresource.NotImplemented("expanding spec.instancetype and spec.preference")
	}
	expanded := vm.DeepCopy()
	expanded.SetGroupVersionKind(v1.SchemeGroupVersion.WithKind("VirtualMachine"))
	return expanded, nil
}

// maxMachine caps a virtual machine in a body, in bytes; as much as the API takes of any object.
const maxMachine = 3 << 20

// ExpandVMSpec returns the virtual machine in the body of a request, which need not exist, with all that
// its instance type and preference add.
func ExpandVMSpec(req *http.Request, namespace string) (http.Handler, error) {
	body, err := subresource.Body(req, maxMachine)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, apierrors.NewBadRequest("empty request body")
	}
	vm, err := decodeMachine(body)
	if err != nil {
		return nil, err
	}
	if vm.Namespace != "" && vm.Namespace != namespace {
		return nil, apierrors.NewBadRequest("VM namespace must be empty or " + namespace)
	}
	vm.Namespace = namespace
	expanded, err := expand(vm)
	if err != nil {
		return nil, err
	}
	return subresource.JSON(expanded)
}

// decodeMachine reads a virtual machine, JSON or YAML, and refuses what is none with each cause.
func decodeMachine(body []byte) (*v1.VirtualMachine, error) {
	content, err := yaml.YAMLToJSONStrict(body)
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("Can not unmarshal Request body to struct, error: %s", err))
	}
	meta := metav1.TypeMeta{}
	if err := json.Unmarshal(content, &meta); err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("Can not unmarshal Request body to struct, error: %s", err))
	}
	var causes []metav1.StatusCause
	if want := v1.SchemeGroupVersion.String(); meta.APIVersion != want {
		causes = append(causes, metav1.StatusCause{Field: "apiVersion", Message: fmt.Sprintf("apiVersion is %q, want %s", meta.APIVersion, want)})
	}
	if meta.Kind != "VirtualMachine" {
		causes = append(causes, metav1.StatusCause{Field: "kind", Message: fmt.Sprintf("kind is %q, want VirtualMachine", meta.Kind)})
	}
	vm := &v1.VirtualMachine{}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(vm); err != nil {
		causes = append(causes, metav1.StatusCause{Message: err.Error()})
	} else if vm.Spec.Template == nil {
		causes = append(causes, metav1.StatusCause{Field: "spec.template", Message: "spec.template is missing"})
	}
	if len(causes) > 0 {
		invalid := apierrors.NewBadRequest("Object is not a valid VirtualMachine")
		invalid.ErrStatus.Details = &metav1.StatusDetails{Causes: causes}
		return nil, invalid
	}
	return vm, nil
}
