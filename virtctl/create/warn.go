// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/virtplane/virtplane/apis/kubevirt/support"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Refused returns what virtplane refuses of a virtual machine, in the words of the server. Another server of the API may
// take it.
func Refused(vm *v1.VirtualMachine) []string {
	spec := field.NewPath("spec")
	problems := append(support.RefusedVM(&vm.Spec, spec), support.Refused(&vm.Spec.Template.Spec, spec.Child("template", "spec"))...)
	texts := make([]string, len(problems))
	for i, problem := range problems {
		texts[i] = problem.Error()
	}
	return texts
}
