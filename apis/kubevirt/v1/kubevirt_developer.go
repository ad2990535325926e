// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import "k8s.io/apimachinery/pkg/api/resource"

// DeveloperConfiguration holds overcommitment, emulation, log levels and feature gates.
type DeveloperConfiguration struct {
	// FeatureGates are the features to switch on. A gate for something that virtplane does not have switches nothing on.
	// +optional
	// +listType=atomic
	FeatureGates []string `json:"featureGates,omitempty" protobuf:"bytes,1,rep,name=featureGates"`
	// DisabledFeatureGates are the features to switch off. A name must not be in featureGates as well.
	// +optional
	// +listType=atomic
	DisabledFeatureGates []string `json:"disabledFeatureGates,omitempty" protobuf:"bytes,2,rep,name=disabledFeatureGates"`
	// LessPVCSpaceToleration is by how much smaller than asked for a claim may be, in percent. Not used.
	// +optional
	LessPVCSpaceToleration int64 `json:"pvcTolerateLessSpaceUpToPercent,omitempty" protobuf:"varint,3,opt,name=pvcTolerateLessSpaceUpToPercent"`
	// MinimumReservePVCBytes is the space that is left free on claims, in bytes. Not used.
	// +optional
	MinimumReservePVCBytes int64 `json:"minimumReservePVCBytes,omitempty" protobuf:"varint,4,opt,name=minimumReservePVCBytes"`
	// MemoryOvercommit is the guests' memory in percent of the memory that launcher pods ask for on its behalf, 10 to 10000. Defaults
	// to 100. Above 100 a node can run out of memory, and the kernel ends guests then. Takes effect on pods that are created later.
	// +optional
	MemoryOvercommit int64 `json:"memoryOvercommit,omitempty" protobuf:"varint,5,opt,name=memoryOvercommit"`
	// NodeSelectors limits the nodes of every guest to those that carry these labels; an instance's own nodeSelector wins. Takes
	// effect on pods that are created later.
	// +optional
	NodeSelectors map[string]string `json:"nodeSelectors,omitempty" protobuf:"bytes,6,rep,name=nodeSelectors"`
	// UseEmulation lets guests run on nodes without hardware virtualization, many times slower. Defaults to false. Takes effect on
	// pods that are created later.
	// +optional
	UseEmulation bool `json:"useEmulation,omitempty" protobuf:"varint,7,opt,name=useEmulation"`
	// CPUAllocationRatio is the number of guest CPUs for each CPU that launcher pods ask for, at least 1. Defaults to 10. Takes effect
	// on pods that are created later.
	// +optional
	CPUAllocationRatio int64 `json:"cpuAllocationRatio,omitempty" protobuf:"varint,8,opt,name=cpuAllocationRatio"`
	// MinimumClusterTSCFrequency is the least frequency of time stamp counters, in Hz. Not used.
	// +optional
	MinimumClusterTSCFrequency *int64 `json:"minimumClusterTSCFrequency,omitempty" protobuf:"varint,9,opt,name=minimumClusterTSCFrequency"`
	// DiskVerification limits the inspection of container disks. Not used.
	// +optional
	DiskVerification *DiskVerification `json:"diskVerification,omitempty" protobuf:"bytes,10,opt,name=diskVerification"`
	// LogVerbosity holds the log levels of the components, which change at once.
	// +optional
	LogVerbosity *LogVerbosity `json:"logVerbosity,omitempty" protobuf:"bytes,11,opt,name=logVerbosity"`
	// ClusterProfiler lets the components be profiled. Not used.
	// +optional
	ClusterProfiler bool `json:"clusterProfiler,omitempty" protobuf:"varint,12,opt,name=clusterProfiler"`
}

// LogVerbosity holds log levels from 0 to 10, as the flag -v of Kubernetes components takes them. 0 is the level that the component
// was started with.
type LogVerbosity struct {
	// VirtAPI is the level of virt-apiserver. From 8 on it logs what it reads from the cluster, Secrets among it.
	// +optional
	VirtAPI int64 `json:"virtAPI,omitempty" protobuf:"varint,1,opt,name=virtAPI"`
	// VirtController is the level of virt-controller.
	// +optional
	VirtController int64 `json:"virtController,omitempty" protobuf:"varint,2,opt,name=virtController"`
	// VirtHandler is the level of the node plugins.
	// +optional
	VirtHandler int64 `json:"virtHandler,omitempty" protobuf:"varint,3,opt,name=virtHandler"`
	// VirtLauncher is the level of launchers that start later.
	// +optional
	VirtLauncher int64 `json:"virtLauncher,omitempty" protobuf:"varint,4,opt,name=virtLauncher"`
	// VirtOperator is not used: there is no operator.
	// +optional
	VirtOperator int64 `json:"virtOperator,omitempty" protobuf:"varint,5,opt,name=virtOperator"`
	// VirtSynchronizationController is not used: there is no such component.
	// +optional
	VirtSynchronizationController int64 `json:"virtSynchronizationController,omitempty" protobuf:"varint,6,opt,name=virtSynchronizationController"`
	// NodeVerbosity holds the levels of the plugins of single nodes, by the node's name. They win over virtHandler.
	// +optional
	NodeVerbosity map[string]int64 `json:"nodeVerbosity,omitempty" protobuf:"bytes,7,rep,name=nodeVerbosity"`
}

// DiskVerification limits the inspection of container disks. Not used.
type DiskVerification struct {
	// MemoryLimit is the memory that an inspection may take.
	// +optional
	MemoryLimit *resource.Quantity `json:"memoryLimit,omitempty" protobuf:"bytes,1,opt,name=memoryLimit"`
}
