// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"

	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// InstanceDefaults are the defaults of instances that an installation can choose. They are filled in when an instance is
// created and never later, so that a change of settings touches no instance that exists. The zero value stands for those
// of an installation without settings.
type InstanceDefaults struct {
	// CPUModel is the CPU model.
	CPUModel string
	// MachineType is the machine type.
	MachineType string
	// EvictionStrategy is what an eviction does; left out when empty, which means None.
	EvictionStrategy v1.EvictionStrategy
}

// EvictionStrategies are the eviction strategies that there are.
var EvictionStrategies = []v1.EvictionStrategy{
	v1.EvictionStrategyNone, v1.EvictionStrategyLiveMigrate, v1.EvictionStrategyLiveMigrateIfPossible, v1.EvictionStrategyExternal,
}

func instancesOf(c *v1.KubeVirtConfiguration) InstanceDefaults {
	d := InstanceDefaults{CPUModel: c.CPUModel, MachineType: c.MachineType}
	if a := c.ArchitectureConfiguration; a != nil && a.Amd64 != nil && a.Amd64.MachineType != "" {
		d.MachineType = a.Amd64.MachineType
	}
	if s := c.EvictionStrategy; s != nil && slices.Contains(EvictionStrategies, *s) {
		d.EvictionStrategy = *s
	}
	return d
}

// KeepChosen fills in what was chosen when the instance of spec was created, and is left out of wanted. An instance that is
// written again as its creator wrote it is the same instance.
func KeepChosen(wanted, spec *v1.VirtualMachineInstanceSpec) {
	if m := spec.Domain.Machine; m != nil {
		if wanted.Domain.Machine == nil {
			wanted.Domain.Machine = &v1.Machine{}
		}
		if wanted.Domain.Machine.Type == "" {
			wanted.Domain.Machine.Type = m.Type
		}
	}
	if wanted.Domain.CPU != nil && wanted.Domain.CPU.Model == "" && spec.Domain.CPU != nil {
		wanted.Domain.CPU.Model = spec.Domain.CPU.Model
	}
	if wanted.EvictionStrategy == nil && spec.EvictionStrategy != nil {
		wanted.EvictionStrategy = ptr.To(*spec.EvictionStrategy)
	}
	if len(wanted.Domain.Devices.Interfaces) == 0 && len(wanted.Networks) == 0 {
		before := spec.DeepCopy()
		wanted.Domain.Devices.Interfaces, wanted.Networks = before.Domain.Devices.Interfaces, before.Networks
	}
}

// Apply fills in all that the user left out of a spec.
func (d InstanceDefaults) Apply(spec *v1.VirtualMachineInstanceSpec) {
	if d.MachineType != "" {
		if spec.Domain.Machine == nil {
			spec.Domain.Machine = &v1.Machine{}
		}
		if spec.Domain.Machine.Type == "" {
			spec.Domain.Machine.Type = d.MachineType
		}
	}
	if d.CPUModel != "" {
		if spec.Domain.CPU == nil {
			spec.Domain.CPU = &v1.CPU{}
		}
		if spec.Domain.CPU.Model == "" {
			spec.Domain.CPU.Model = d.CPUModel
		}
	}
	if d.EvictionStrategy != "" && spec.EvictionStrategy == nil {
		spec.EvictionStrategy = ptr.To(d.EvictionStrategy)
	}
	v1.SetInstanceSpecDefaults(spec)
}
