// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package expose

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// flags are what nothing is asked of.
func flags() *Flags { return &Flags{Name: "web", Type: "ClusterIP", Protocol: "TCP"} }

// machine returns a virtual machine with ports on a pod network called pod, and on another one.
func machine() *v1.VirtualMachine {
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "lab", UID: "u"}}
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{Spec: v1.VirtualMachineInstanceSpec{
		Networks: []v1.Network{{Name: "other"}, {Name: "pod", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}},
		Domain: v1.DomainSpec{Devices: v1.Devices{Interfaces: []v1.Interface{
			{Name: "other", Ports: []v1.Port{{Port: 1}}}, {Name: "pod", Ports: []v1.Port{{Port: 22, Protocol: "TCP"}}},
		}}},
	}}
	return vm
}

func TestPortsOfThePodNetworkUnlessOthersAreAskedFor(t *testing.T) {
	service, err := flags().Service()
	if err != nil {
		t.Fatal(err)
	}
	if err := Complete(service, Machine(machine())); err != nil || len(service.Spec.Ports) != 1 || service.Spec.Ports[0].Port != 22 || service.Spec.Ports[0].Name != "port-1" {
		t.Errorf("%v, ports %v", err, service.Spec.Ports)
	}
	asked := flags()
	asked.Port = 80
	if service, err = asked.Service(); err != nil {
		t.Fatal(err)
	}
	if err := Complete(service, Machine(machine())); err != nil || len(service.Spec.Ports) != 1 || service.Spec.Ports[0].Port != 80 {
		t.Errorf("%v, ports %v", err, service.Spec.Ports)
	}
}

func TestAServiceGoesWithItsObject(t *testing.T) {
	service, err := flags().Service()
	if err != nil {
		t.Fatal(err)
	}
	vm := machine()
	if err := Complete(service, Machine(vm)); err != nil || !metav1.IsControlledBy(service, vm) || service.Namespace != "lab" {
		t.Errorf("%v, %+v", err, service.ObjectMeta)
	}
	// The end of the object does not wait for that of the Service, whose deletion its user may not be allowed.
	if block := service.OwnerReferences[0].BlockOwnerDeletion; block == nil || *block {
		t.Error("the Service holds up the deletion of its object")
	}
}

func TestObjectsWithoutPortsOrTemplate(t *testing.T) {
	for _, change := range []func(*v1.VirtualMachine){
		func(vm *v1.VirtualMachine) { vm.Spec.Template = nil },
		func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Networks = nil },
		func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Domain.Devices.Interfaces[1].Ports = nil },
		func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Domain.Devices.Interfaces = nil },
	} {
		service, err := flags().Service()
		if err != nil {
			t.Fatal(err)
		}
		vm := machine()
		change(vm)
		if err := Complete(service, Machine(vm)); err == nil {
			t.Errorf("a Service without ports: %+v", service.Spec)
		}
	}
}
