// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

// Machine returns the rules of virtual machines' specs. The spec of the template has the rules of Instance.
func Machine() []Rule {
	return []Rule{
		implemented("spec.running", "deprecated: use runStrategy"),
		implemented("spec.runStrategy").only("Always", "Halted", "Manual", "RerunOnFailure", "Once"),
		implemented("spec.template.metadata"),
		refused("spec.instancetype", "instance types are", "write CPU, memory and devices into the template"),
		refused("spec.preference", "preferences are", "write what you prefer into the template"),
		refused("spec.dataVolumeTemplates", "DataVolumes are", "use containerDisk or emptyDisk"),
		implemented("spec.updateVolumesStrategy").only("Replacement"),
	}
}
