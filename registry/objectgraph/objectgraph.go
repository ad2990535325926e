// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package objectgraph tells which objects a virtual machine needs, as far as its own words tell.
package objectgraph

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

// dependencyLabel tells what an object is to the virtual machine, in the words of the published API.
const dependencyLabel = "kubevirt.io/dependency-type"

const (
	storage = "storage"
	network = "network"
	compute = "compute"
	config  = "config"
)

// graph collects the objects of one namespace.
type graph struct{ namespace string }

func (g graph) node(group, kind, name, dependency string, children ...v1.ObjectGraphNode) v1.ObjectGraphNode {
	return v1.ObjectGraphNode{
		ObjectReference: corev1.TypedObjectReference{APIGroup: &group, Kind: kind, Name: name, Namespace: &g.namespace},
		Labels:          map[string]string{dependencyLabel: dependency},
		Children:        children,
	}
}

// OfMachine returns the graph of a virtual machine; vmi is its instance, or nil.
func OfMachine(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) v1.ObjectGraphNode {
	g := graph{vm.Namespace}
	var children []v1.ObjectGraphNode
	if vm.Status.Created && vmi != nil && metav1.IsControlledBy(vmi, vm) {
		children = append(children, g.node(v1.GroupName, "VirtualMachineInstance", vmi.Name, compute, g.pod(vmi)))
	}
	if vm.Spec.Template != nil {
		children = append(children, g.spec(&vm.Spec.Template.Spec)...)
	}
	return g.node(v1.GroupName, "VirtualMachine", vm.Name, compute, children...)
}

// OfInstance returns the graph of an instance.
func OfInstance(vmi *v1.VirtualMachineInstance) v1.ObjectGraphNode {
	g := graph{vmi.Namespace}
	var children []v1.ObjectGraphNode
	if !vmi.IsFinal() {
		children = append(children, g.pod(vmi))
	}
	return g.node(v1.GroupName, "VirtualMachineInstance", vmi.Name, compute, append(children, g.spec(&vmi.Spec)...)...)
}

func (g graph) pod(vmi *v1.VirtualMachineInstance) v1.ObjectGraphNode {
	return g.node("", "Pod", template.Name(vmi), compute)
}

func (g graph) spec(spec *v1.VirtualMachineInstanceSpec) []v1.ObjectGraphNode {
	nodes := g.credentials(spec.AccessCredentials)
	for _, v := range spec.Volumes {
		nodes = append(nodes, g.volume(v)...)
	}
	for _, n := range spec.Networks {
		if n.Multus != nil {
			nodes = append(nodes, g.attachment(n.Multus.NetworkName))
		}
	}
	return nodes
}
