// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// statusRules lets the status subresource change the status alone.
func statusRules(s strategy) rest.UpdateResetFieldsStrategy {
	return frame.NewStatusStrategy(s, v1.SchemeGroupVersion, func(vm, written *v1.VirtualMachine) { vm.Status = written.Status })
}
