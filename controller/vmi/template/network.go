// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// ports returns the guest's ports that the pod's address leads to, so that Services may use their names.
func ports(vmi *v1.VirtualMachineInstance) []corev1.ContainerPort {
	var out []corev1.ContainerPort
	for _, nic := range vmi.Spec.Domain.Devices.Interfaces {
		if nic.Masquerade == nil {
			continue
		}
		for _, port := range nic.Ports {
			protocol := corev1.Protocol(port.Protocol)
			if protocol == "" {
				protocol = corev1.ProtocolTCP
			}
			out = append(out, corev1.ContainerPort{Name: port.Name, Protocol: protocol, ContainerPort: port.Port})
		}
	}
	return out
}
