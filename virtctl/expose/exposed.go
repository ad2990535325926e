// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package expose

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Exposed is the object that a Service leads to.
type Exposed struct {
	// Kind of the object, such as VirtualMachine.
	Kind   string
	Object metav1.Object
	// Selector of the launcher pods.
	Selector map[string]string
	// Spec of the instances; nil where the object says nothing of them.
	Spec *v1.VirtualMachineInstanceSpec
}

// Machine returns the instances of a virtual machine, of which there is one at a time.
func Machine(vm *v1.VirtualMachine) Exposed {
	e := Exposed{Kind: "VirtualMachine", Object: vm, Selector: launcherOf(vm.Name)}
	if vm.Spec.Template != nil {
		e.Spec = &vm.Spec.Template.Spec
	}
	return e
}

// Instance returns an instance.
func Instance(vmi *v1.VirtualMachineInstance) Exposed {
	return Exposed{Kind: "VirtualMachineInstance", Object: vmi, Selector: launcherOf(vmi.Name), Spec: &vmi.Spec}
}

func launcherOf(instance string) map[string]string {
	return map[string]string{v1.VirtualMachineInstanceIDLabel: v1.InstanceID(instance)}
}

// ReplicaSet is as much of a VirtualMachineInstanceReplicaSet as Services need.
type ReplicaSet struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              struct {
		Selector *metav1.LabelSelector                  `json:"selector,omitempty"`
		Template *v1.VirtualMachineInstanceTemplateSpec `json:"template,omitempty"`
	} `json:"spec"`
}

// Replicas returns the instances of a replica set. Services select by labels alone.
func Replicas(set *ReplicaSet) (Exposed, error) {
	selector := set.Spec.Selector
	switch {
	case selector == nil || len(selector.MatchLabels) == 0:
		return Exposed{}, errors.New("spec.selector.matchLabels is empty, so that no Service can select the instances")
	case len(selector.MatchExpressions) > 0:
		return Exposed{}, errors.New("spec.selector.matchExpressions is set, which no Service can select by")
	}
	e := Exposed{Kind: "VirtualMachineInstanceReplicaSet", Object: set, Selector: selector.MatchLabels}
	if set.Spec.Template != nil {
		e.Spec = &set.Spec.Template.Spec
	}
	return e, nil
}

// Complete has a Service lead to an object and go with it. A Service without ports gets those that the object lists
// for its pod network.
func Complete(service *corev1.Service, e Exposed) error {
	service.Namespace = e.Object.GetNamespace()
	owner := metav1.NewControllerRef(e.Object, v1.SchemeGroupVersion.WithKind(e.Kind))
	owner.BlockOwnerDeletion = ptr.To(false)
	service.OwnerReferences = []metav1.OwnerReference{*owner}
	service.Spec.Selector = e.Selector
	if len(service.Spec.Ports) == 0 {
		service.Spec.Ports = e.ports()
	}
	if len(service.Spec.Ports) == 0 {
		return fmt.Errorf("%s %s lists no ports for its pod network in domain.devices.interfaces[].ports; name one with --port",
			e.Kind, e.Object.GetName())
	}
	return nil
}

func (e *Exposed) ports() []corev1.ServicePort {
	if e.Spec == nil {
		return nil
	}
	for _, network := range e.Spec.Networks {
		if network.Pod == nil {
			continue
		}
		for _, nic := range e.Spec.Domain.Devices.Interfaces {
			if nic.Name == network.Name {
				return servicePorts(nic.Ports)
			}
		}
	}
	return nil
}

func servicePorts(list []v1.Port) []corev1.ServicePort {
	ports := make([]corev1.ServicePort, len(list))
	for i, p := range list {
		ports[i] = corev1.ServicePort{Name: fmt.Sprintf("port-%d", i+1), Protocol: corev1.Protocol(p.Protocol), Port: p.Port}
	}
	return ports
}
