// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"strconv"

	"k8s.io/apimachinery/pkg/api/equality"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// restartRequired tells that a new instance would be another machine than the one that is there.
// What the instance was made from is in its spec, which nobody changes.
func (s *step) restartRequired() bool {
	if s.vmi == nil || s.vmi.IsFinal() || s.VM.Spec.Template == nil || generationOf(s.vmi) == s.VM.Generation {
		return false
	}
	return differs(&s.VM.Spec.Template.Spec, &s.vmi.Spec)
}

// differs compares what takes a restart to change. Both sides get today's defaults first: the
// template has none, and those of the instance may be an older version's.
func differs(template, instance *v1.VirtualMachineInstanceSpec) bool {
	wanted, got := template.DeepCopy(), instance.DeepCopy()
	v1.SetInstanceSpecDefaults(wanted)
	v1.SetInstanceSpecDefaults(got)
	keepConfigured(template, wanted, got)
	for _, spec := range []*v1.VirtualMachineInstanceSpec{wanted, got} {
		// The start and stop subresources set these for one instance.
		spec.StartStrategy = nil
		spec.TerminationGracePeriodSeconds = nil
		// These say where the next pod may run; the guest is the same machine.
		spec.NodeSelector = nil
		spec.Affinity = nil
		spec.Tolerations = nil
	}
	return !equality.Semantic.DeepEqual(wanted, got)
}

// keepConfigured takes over what the cluster's configuration has decided for the instance where the
// template says nothing: a changed configuration asks for no restart of machines that run.
func keepConfigured(template, wanted, got *v1.VirtualMachineInstanceSpec) {
	if template.EvictionStrategy == nil {
		wanted.EvictionStrategy = got.EvictionStrategy
	}
	if template.Architecture == "" {
		wanted.Architecture = got.Architecture
	}
	if template.Domain.CPU == nil || template.Domain.CPU.Model == "" {
		wanted.Domain.CPU.Model = got.Domain.CPU.Model
	}
	if template.Domain.Machine == nil || template.Domain.Machine.Type == "" {
		wanted.Domain.Machine = got.Domain.Machine
	}
	// The interface that is added where there is none has the configured binding.
	nics, have := wanted.Domain.Devices.Interfaces, got.Domain.Devices.Interfaces
	if len(template.Domain.Devices.Interfaces) == 0 && len(nics) == 1 && len(have) == 1 {
		nics[0].InterfaceBindingMethod = have[0].InterfaceBindingMethod
	}
}

// generationOf returns the generation of the virtual machine that the instance was made from; 0 when unknown.
func generationOf(vmi *v1.VirtualMachineInstance) int64 {
	n, err := strconv.ParseInt(vmi.Annotations[v1.VirtualMachineGenerationAnnotation], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
