// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Owned notes in the console log of an instance whose it is: the virtual machine asks for it when the
// instance is gone.
func (m *Manager) Owned(vmi *v1.VirtualMachineInstance) {
	owner := metav1.GetControllerOf(vmi)
	if owner == nil {
		return
	}
	g := m.Lookup(types.NamespacedName{Namespace: vmi.Namespace, Name: vmi.Name})
	if g != nil && g.Volume.InstanceUID == vmi.UID {
		g.hub.Own(owner.UID)
	}
}
