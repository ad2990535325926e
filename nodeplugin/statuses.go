// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned"
)

// statuses reads and writes instances.
type statuses struct {
	client versioned.Interface
}

// Get returns an instance as the API server has it now.
func (s statuses) Get(ctx context.Context, name types.NamespacedName) (*v1.VirtualMachineInstance, error) {
	return s.client.KubevirtV1().VirtualMachineInstances(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
}

// UpdateStatus writes the status of an instance unless somebody else has written in between.
func (s statuses) UpdateStatus(ctx context.Context, vmi *v1.VirtualMachineInstance) (*v1.VirtualMachineInstance, error) {
	return s.client.KubevirtV1().VirtualMachineInstances(vmi.Namespace).UpdateStatus(ctx, vmi, metav1.UpdateOptions{})
}
