// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// statusRules lets the status subresource change the status, and what follows from it, alone.
func statusRules(s strategy) rest.UpdateResetFieldsStrategy {
	return frame.NewStatusStrategy(s, v1.SchemeGroupVersion, func(vmi, written *v1.VirtualMachineInstance) {
		vmi.Status = written.Status
		labelNode(vmi)
		if vmi.DeletionTimestamp != nil && vmi.IsFinal() {
			// Its guest has ended, which is all that the finalizer waits for: the instance goes with this write.
			vmi.Finalizers = slices.DeleteFunc(vmi.Finalizers, func(f string) bool { return f == v1.VirtualMachineInstanceFinalizer })
		}
	})
}

// labelNode keeps the label by which clients select the instances of a node equal to the status.
func labelNode(vmi *v1.VirtualMachineInstance) {
	node := vmi.Status.NodeName
	if len(validation.IsValidLabelValue(node)) > 0 {
		node = "" // names of nodes may be longer than values of labels
	}
	switch {
	case node == "":
		delete(vmi.Labels, v1.NodeNameLabel)
	case vmi.Labels == nil:
		vmi.Labels = map[string]string{v1.NodeNameLabel: node}
	default:
		vmi.Labels[v1.NodeNameLabel] = node
	}
}
