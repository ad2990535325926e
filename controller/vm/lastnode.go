// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/store"
)

// lastNode returns the node that has the log of an instance that ends, if the virtual machine does not
// say so yet. While an instance starts or runs its own status tells.
func (s *step) lastNode() string {
	if s.vmi == nil || s.vmi.Status.NodeName == "" || !s.vmi.IsFinal() && !s.leaving() ||
		s.VM.DeletionTimestamp != nil || s.VM.Annotations[v1.LastNodeAnnotation] == s.vmi.Status.NodeName {
		return ""
	}
	return s.vmi.Status.NodeName
}

// noteLastNode writes down where the log of the last instance is.
func (r *Reconciler) noteLastNode(ctx context.Context, vm *v1.VirtualMachine, node string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": vm.UID, "annotations": map[string]string{v1.LastNodeAnnotation: node},
	}})
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	written, err := r.Client.VirtualMachines(vm.Namespace).Patch(ctx, vm.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if store.IsGone(err) {
		r.VMs.Drop(types.NamespacedName{Namespace: vm.Namespace, Name: vm.Name}, vm.UID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("note the last node of virtual machine: %w", err)
	}
	r.VMs.PutOrDrop(written)
	return nil
}
