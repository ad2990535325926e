// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// nodeSelector returns the labels of the nodes that can run the guest: those whose plugin is ready,
// of the guest's architecture, and what the user asks for.
func nodeSelector(vmi *v1.VirtualMachineInstance, everywhere map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, everywhere)
	maps.Copy(out, vmi.Spec.NodeSelector)
	out[v1.NodeSchedulableLabel] = "true"
	if vmi.Spec.Architecture != "" {
		out[corev1.LabelArchStable] = vmi.Spec.Architecture
	}
	return out
}

func runtimeClass(options Options) *string {
	if options.RuntimeClass == "" {
		return nil
	}
	return &options.RuntimeClass
}
