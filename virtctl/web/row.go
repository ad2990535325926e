// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// row is what the list shows of a virtual machine, of its instance, or of an instance without a virtual machine.
type row struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Machine tells that there is a virtual machine, and Instance that there is an instance.
	Machine  bool `json:"machine"`
	Instance bool `json:"instance"`
	// Status is the virtual machine's word for its state, or the instance's phase.
	Status string `json:"status"`
	Phase  string `json:"phase,omitempty"`
	Ready  bool   `json:"ready"`
	Paused bool   `json:"paused"`
	// RunStrategy is the virtual machine's.
	RunStrategy string `json:"runStrategy,omitempty"`
	Node        string `json:"node,omitempty"`
	Address     string `json:"address,omitempty"`
	System      string `json:"system,omitempty"`
	// Screen and Serial tell whether the instance has them.
	Screen bool `json:"screen"`
	Serial bool `json:"serial"`
	// Problem is why the virtual machine is not ready, in the words of the condition.
	Problem string    `json:"problem,omitempty"`
	Created time.Time `json:"created"`
}

// machineFacts is what a virtual machine adds to its row.
type machineFacts struct {
	status, runStrategy, problem string
	ready                        bool
	created                      time.Time
}

func machineFactsOf(vm *v1.VirtualMachine) machineFacts {
	f := machineFacts{
		status: string(vm.Status.PrintableStatus), runStrategy: string(vm.EffectiveRunStrategy()),
		ready: vm.Status.Ready, created: vm.CreationTimestamp.Time,
	}
	for _, c := range vm.Status.Conditions {
		switch {
		case c.Type == v1.VirtualMachineFailure && c.Status == v1.ConditionTrue:
			f.problem = c.Message
		case c.Type == v1.VirtualMachineReady && c.Status != v1.ConditionTrue && f.problem == "":
			f.problem = c.Message
		}
	}
	return f
}

// instanceFacts is what an instance adds to its row.
type instanceFacts struct {
	phase, node, address, system string
	ready, paused                bool
	screen, serial               bool
	created                      time.Time
}

func instanceFactsOf(vmi *v1.VirtualMachineInstance) instanceFacts {
	devices := vmi.Spec.Domain.Devices
	f := instanceFacts{
		phase: string(vmi.Status.Phase), node: vmi.Status.NodeName, system: vmi.Status.GuestOSInfo.PrettyName,
		screen:  devices.AutoattachGraphicsDevice == nil || *devices.AutoattachGraphicsDevice,
		serial:  devices.AutoattachSerialConsole == nil || *devices.AutoattachSerialConsole,
		created: vmi.CreationTimestamp.Time,
	}
	if len(vmi.Status.Interfaces) > 0 {
		f.address = vmi.Status.Interfaces[0].IP
	}
	for _, c := range vmi.Status.Conditions {
		switch c.Type {
		case v1.VirtualMachineInstanceReady:
			f.ready = c.Status == v1.ConditionTrue
		case v1.VirtualMachineInstancePaused:
			f.paused = c.Status == v1.ConditionTrue
		}
	}
	return f
}

// rowOf joins both, of which either may be nil.
func rowOf(p place, machine *machineFacts, instance *instanceFacts) row {
	r := row{Namespace: p.namespace, Name: p.name, Machine: machine != nil, Instance: instance != nil}
	if i := instance; i != nil {
		r.Status, r.Phase, r.Node, r.Address, r.System = i.phase, i.phase, i.node, i.address, i.system
		r.Ready, r.Paused, r.Screen, r.Serial, r.Created = i.ready, i.paused, i.screen, i.serial, i.created
		if i.paused {
			r.Status = string(v1.VirtualMachineStatusPaused)
		}
	}
	if m := machine; m != nil {
		r.RunStrategy, r.Ready, r.Problem, r.Created = m.runStrategy, m.ready, m.problem, m.created
		if m.status != "" {
			r.Status = m.status
		}
	}
	return r
}
