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

// LikeOf are the defaults with which a spec that leaves out what spec has becomes like it. An instance that is written
// again as its creator wrote it is the same instance, and so is a template that it was made from.
func LikeOf(spec *v1.VirtualMachineInstanceSpec) InstanceDefaults {
	d := InstanceDefaults{EvictionStrategy: ptr.Deref(spec.EvictionStrategy, "")}
	if spec.Domain.CPU != nil {
		d.CPUModel = spec.Domain.CPU.Model
	}
	if spec.Domain.Machine != nil {
		d.MachineType = spec.Domain.Machine.Type
	}
	return d
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
