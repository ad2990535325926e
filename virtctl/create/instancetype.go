// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// InstancetypeVersion is the API of instance types and preferences.
const InstancetypeVersion = "instancetype.kubevirt.io/v1beta1"

// DeviceKeys are those of devices of the node.
var DeviceKeys = []string{"name", "devicename"}

// Instancetype is what is asked of an instance type, as it was typed.
type Instancetype struct {
	Name, Namespace string
	// Namespaced tells that it is for one namespace, rather than for the cluster.
	Namespaced      bool
	CPUs            uint32
	Memory          string
	GPUs, Devices   []string
	IOThreadsPolicy string
}

// Manifest returns the instance type that is asked for.
func (t *Instancetype) Manifest() (any, error) {
	if t.CPUs == 0 {
		return nil, errors.New("--cpu is missing: it has to be 1 or more")
	}
	memory, err := quantity(t.Memory)
	if err != nil {
		return nil, fmt.Errorf("--memory=%s: %w", t.Memory, err)
	}
	spec := fields{"cpu": fields{"guest": t.CPUs}, "memory": fields{"guest": memory}}
	for _, list := range []struct {
		flag, field string
		values      []string
	}{{"gpu", "gpus", t.GPUs}, {"hostdevice", "hostDevices", t.Devices}} {
		for _, text := range list.values {
			p, err := parse(list.flag, text, DeviceKeys...)
			if err != nil {
				return nil, err
			}
			if err := p.need(DeviceKeys...); err != nil {
				return nil, err
			}
			devices, _ := spec[list.field].([]fields)
			spec[list.field] = append(devices, fields{"name": p.get("name"), "deviceName": p.get("devicename")})
		}
	}
	if policy := t.IOThreadsPolicy; policy != "" && policy != "auto" && policy != "shared" {
		return nil, fmt.Errorf("--iothreadspolicy=%s: use auto or shared", policy)
	}
	spec.set("ioThreadsPolicy", t.IOThreadsPolicy)
	kind := "VirtualMachineClusterInstancetype"
	if t.Namespaced {
		kind = "VirtualMachineInstancetype"
	}
	return object(InstancetypeVersion, kind, t.Name, t.Namespace, spec)
}

// Preference is what is asked of a preference, as it was typed.
type Preference struct {
	Name, Namespace                        string
	Namespaced                             bool
	CPUTopology, MachineType, StorageClass string
}

// Topologies are the ways in which the CPUs of a guest can be laid out.
var Topologies = []string{"sockets", "cores", "threads", "spread", "any"}

// Manifest returns the preference that is asked for.
func (t *Preference) Manifest() (any, error) {
	spec := fields{}
	if t.CPUTopology != "" {
		if !slices.Contains(Topologies, t.CPUTopology) {
			return nil, fmt.Errorf("--cpu-topology=%s: use one of %s", t.CPUTopology, strings.Join(Topologies, ", "))
		}
		spec["cpu"] = fields{"preferredCPUTopology": t.CPUTopology}
	}
	if t.MachineType != "" {
		spec["machine"] = fields{"preferredMachineType": t.MachineType}
	}
	if t.StorageClass != "" {
		spec["volumes"] = fields{"preferredStorageClassName": t.StorageClass}
	}
	kind := "VirtualMachineClusterPreference"
	if t.Namespaced {
		kind = "VirtualMachinePreference"
	}
	return object(InstancetypeVersion, kind, t.Name, t.Namespace, spec)
}
