// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

// Feature gates of the published API that decide about subresources.
const (
	declarativeHotplugVolumes = "DeclarativeHotplugVolumes"
	hotplugVolumes            = "HotplugVolumes"
	objectGraph               = "ObjectGraph"
	workloadEncryptionSEV     = "WorkloadEncryptionSEV"
)

// Gates tells at the time of a request which features are on.
type Gates func(name string) bool

// HotplugVolumes tells that volumes can be added and removed by verbs.
func (g Gates) HotplugVolumes() bool { return g(declarativeHotplugVolumes) || g(hotplugVolumes) }

// EphemeralVolumes tells that volumes are added to the guest alone, and not to what it is made from.
func (g Gates) EphemeralVolumes() bool { return g(hotplugVolumes) }

// ObjectGraph tells that the objects that a virtual machine needs can be asked for.
func (g Gates) ObjectGraph() bool { return g(objectGraph) }

// SEV tells that guests may have encrypted memory.
func (g Gates) SEV() bool { return g(workloadEncryptionSEV) }
