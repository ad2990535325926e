// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"maps"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// describingPrefix marks annotations of the virtual machine that describe it to metrics; its instance carries them too.
const describingPrefix = "vm.kubevirt.io/"

// Instance returns the instance to create for the virtual machine. Nothing in it is random: the
// guest's identity is derived from names where the template does not give one.
func Instance(vm *v1.VirtualMachine, how Creation) *v1.VirtualMachineInstance {
	template := vm.Spec.Template
	vmi := &v1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   vm.Namespace,
			Name:        vm.Name,
			Labels:      maps.Clone(template.ObjectMeta.Labels),
			Annotations: map[string]string{},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion:         v1.SchemeGroupVersion.String(),
				Kind:               "VirtualMachine",
				Name:               vm.Name,
				UID:                vm.UID,
				Controller:         ptr.To(true),
				BlockOwnerDeletion: ptr.To(true),
			}},
		},
		Spec: *template.Spec.DeepCopy(),
	}
	for key, value := range vm.Annotations {
		if strings.HasPrefix(key, describingPrefix) {
			vmi.Annotations[key] = value
		}
	}
	maps.Copy(vmi.Annotations, template.ObjectMeta.Annotations)
	vmi.Annotations[v1.VirtualMachineGenerationAnnotation] = strconv.FormatInt(vm.Generation, 10)
	if how.Paused {
		vmi.Spec.StartStrategy = ptr.To(v1.StartStrategyPaused)
	}
	return vmi
}
