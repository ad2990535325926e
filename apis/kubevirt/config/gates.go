// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// stage tells whether a feature is on when nobody says so.
type stage int

const (
	// off is a feature that must be switched on.
	off stage = iota + 1
	// on is a feature that can be switched off.
	on
	// always is a feature that cannot be switched off any more.
	always
	// gone is a feature that there is no more.
	gone
)

// gates are the feature gates of KubeVirt 1.9. That a gate is known says nothing about whether virtplane has what it is for.
var gates = map[string]stage{
	"AlignCPUs":                       off,
	"CPUManager":                      off,
	"ConfigurableHypervisor":          off,
	"ContainerPathVolumes":            off,
	"CrossArchitectureVirtualization": off,
	"DecentralizedLiveMigration":      off,
	"DownwardMetrics":                 off,
	"EnableVirtioFsStorageVolumes":    off,
	"ExperimentalIgnitionSupport":     off,
	"FirmwareAutoSelection":           off,
	"GraceIOVirtualization":           off,
	"HostDevices":                     off,
	"HostDisk":                        off,
	"HypervStrictCheck":               off,
	"IOMMUFD":                         off,
	"IncrementalBackup":               off,
	"MigrationDowntimeTuning":         off,
	"MigrationStallDetection":         off,
	"NetworkDevicesWithDRA":           off,
	"OCIExport":                       off,
	"ObjectGraph":                     off,
	"PCINUMAAwareTopology":            off,
	"Plugins":                         off,
	"PortRangesSpec":                  off,
	"ReservedOverheadMemlock":         off,
	"Root":                            off,
	"Sidecar":                         off,
	"TDX":                             off,
	"UtilityVolumes":                  off,
	"VGPULiveMigration":               off,
	"VMStatsCollector":                off,
	"VSOCK":                           off,
	"WorkloadEncryptionTDX":           off,

	"DeclarativeHotplugVolumes":          on,
	"ExternalNetResourceInjection":       on,
	"GPUsWithDRA":                        on,
	"HostDevicesWithDRA":                 on,
	"ImageVolume":                        on,
	"KubevirtSeccompProfile":             on,
	"LibvirtHooksServerAndClient":        on,
	"NodeRestriction":                    on,
	"OptOutRoleAggregation":              on,
	"PasstBinding":                       on,
	"PodSecondaryInterfaceNamingUpgrade": on,
	"RebootPolicy":                       on,
	"Snapshot":                           on,
	"Template":                           on,
	"VmiMemoryOverheadReport":            on,
	"WorkloadEncryptionSEV":              on,

	"AutoResourceLimitsGate":            always,
	"BochsDisplayForEFIGuests":          always,
	"CPUNodeDiscovery":                  always,
	"ClusterProfiler":                   always,
	"CommonInstancetypesDeploymentGate": always,
	"DisableCustomSELinuxPolicy":        always,
	"DynamicPodInterfaceNaming":         always,
	"EnableVirtioFsConfigVolumes":       always,
	"ExpandDisks":                       always,
	"GPU":                               always,
	"HotplugNICs":                       always,
	"InstancetypeReferencePolicy":       always,
	"LiveMigration":                     always,
	"LiveUpdateNADRef":                  always,
	"MigrationPriorityQueue":            always,
	"NUMA":                              always,
	"NetworkBindingPlugins":             always,
	"NonRoot":                           always,
	"PSA":                               always,
	"PanicDevices":                      always,
	"PersistentReservation":             always,
	"SRIOVLiveMigration":                always,
	"SecureExecution":                   always,
	"VMExport":                          always,
	"VMLiveUpdateFeatures":              always,
	"VMPersistentState":                 always,
	"VideoConfig":                       always,
	"VolumeMigration":                   always,
	"VolumesUpdateStrategy":             always,

	"DisableMDEVConfiguration":    gone,
	"DockerSELinuxMCSWorkaround":  gone,
	"ExperimentalVirtiofsSupport": gone,
	"HotplugVolumes":              off, // older than DeclarativeHotplugVolumes, and still heeded
	"Macvtap":                     gone,
	"MultiArchitecture":           gone,
	"Passt":                       gone,
	"PasstIPStackMigration":       gone,
}

// Gates are the features that somebody switched on or off.
type Gates struct{ enabled, disabled []string }

func gatesOf(d *v1.DeveloperConfiguration) Gates {
	return Gates{slices.Clone(d.FeatureGates), slices.Clone(d.DisabledFeatureGates)}
}

// KnownGate tells that there is a feature gate of the name.
func KnownGate(name string) bool { return gates[name] != 0 }

// Enabled tells that the feature is switched on. Whether virtplane has it is for the caller to know.
func (g Gates) Enabled(name string) bool {
	switch gates[name] {
	case off:
		return slices.Contains(g.enabled, name)
	case on:
		return !slices.Contains(g.disabled, name)
	case always:
		return true
	}
	return false
}
