// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"errors"
	"fmt"
	"strings"
)

// CloneVersion is the API of clones.
const CloneVersion = "clone.kubevirt.io/v1beta1"

// Clone is what is asked of a clone, as it was typed.
type Clone struct {
	Name, Namespace                                 string
	SourceName, SourceType                          string
	TargetName, TargetType                          string
	LabelFilters, AnnotationFilters                 []string
	TemplateLabelFilters, TemplateAnnotationFilters []string
	MACAddresses                                    []string
	Serial                                          string
}

// Manifest returns the clone that is asked for.
func (c *Clone) Manifest() (any, error) {
	if c.SourceName == "" {
		return nil, errors.New("--source-name is missing: what shall be cloned?")
	}
	source := fields{"name": c.SourceName}
	switch strings.ToLower(c.SourceType) {
	case "", "vm", "virtualmachine":
		source["kind"], source["apiGroup"] = "VirtualMachine", "kubevirt.io"
	case "snapshot", "vmsnapshot", "virtualmachinesnapshot":
		source["kind"], source["apiGroup"] = "VirtualMachineSnapshot", "snapshot.kubevirt.io"
	default:
		return nil, fmt.Errorf("--source-type=%s: use vm or vmsnapshot", c.SourceType)
	}
	if kind := strings.ToLower(c.TargetType); kind != "" && kind != "vm" && kind != "virtualmachine" {
		return nil, fmt.Errorf("--target-type=%s: use vm", c.TargetType)
	}
	target := fields{"kind": "VirtualMachine", "apiGroup": "kubevirt.io"}
	target.set("name", c.TargetName)
	spec := fields{"source": source, "target": target}
	spec.setList("labelFilters", c.LabelFilters)
	spec.setList("annotationFilters", c.AnnotationFilters)
	template := fields{}
	template.setList("labelFilters", c.TemplateLabelFilters)
	template.setList("annotationFilters", c.TemplateAnnotationFilters)
	if len(template) > 0 {
		spec["template"] = template
	}
	addresses := fields{}
	for _, text := range c.MACAddresses {
		nic, address, found := strings.Cut(text, ":")
		if !found || nic == "" || address == "" {
			return nil, fmt.Errorf("--new-mac-address=%s: it has to be INTERFACE:ADDRESS", text)
		}
		addresses[nic] = address
	}
	if len(addresses) > 0 {
		spec["newMacAddresses"] = addresses
	}
	spec.set("newSMBiosSerial", c.Serial)
	return object(CloneVersion, "VirtualMachineClone", c.Name, c.Namespace, spec)
}

// setList sets a field unless there is nothing in it.
func (f fields) setList(name string, values []string) {
	if len(values) > 0 {
		f[name] = values
	}
}
