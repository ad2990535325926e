// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// ArchConfiguration holds the defaults for each CPU architecture.
type ArchConfiguration struct {
	// Amd64 holds the defaults of amd64.
	// +optional
	Amd64 *ArchSpecificConfiguration `json:"amd64,omitempty" protobuf:"bytes,1,opt,name=amd64"`
	// Arm64 holds the defaults of arm64. Not used: guests are amd64.
	// +optional
	Arm64 *ArchSpecificConfiguration `json:"arm64,omitempty" protobuf:"bytes,2,opt,name=arm64"`
	// Ppc64le holds the defaults of ppc64le. Not used: guests are amd64. Deprecated.
	// +optional
	Ppc64le *ArchSpecificConfiguration `json:"ppc64le,omitempty" protobuf:"bytes,3,opt,name=ppc64le"`
	// S390x holds the defaults of s390x. Not used: guests are amd64.
	// +optional
	S390x *ArchSpecificConfiguration `json:"s390x,omitempty" protobuf:"bytes,4,opt,name=s390x"`
	// DefaultArchitecture is the architecture of instances that name none; amd64 is the only one that is taken.
	// +optional
	DefaultArchitecture string `json:"defaultArchitecture,omitempty" protobuf:"bytes,5,opt,name=defaultArchitecture"`
}

// ArchSpecificConfiguration holds the defaults of one CPU architecture.
type ArchSpecificConfiguration struct {
	// OVMFPath is the directory of UEFI firmware. Not used: the launcher's image holds it.
	// +optional
	OVMFPath string `json:"ovmfPath,omitempty" protobuf:"bytes,1,opt,name=ovmfPath"`
	// EmulatedMachines are patterns of the machine types that guests may have. Not used: q35 and pc-q35-* are.
	// +optional
	// +listType=atomic
	EmulatedMachines []string `json:"emulatedMachines,omitempty" protobuf:"bytes,2,rep,name=emulatedMachines"`
	// MachineType is the machine type of instances that name none; for amd64 q35 or pc-q35-VERSION. Defaults to q35. Takes effect on
	// instances that are created later.
	// +optional
	MachineType string `json:"machineType,omitempty" protobuf:"bytes,3,opt,name=machineType"`
}

// VMRolloutStrategy tells when a changed template takes effect.
type VMRolloutStrategy string

const (
	// VMRolloutStrategyStage keeps changes for the next start.
	VMRolloutStrategyStage VMRolloutStrategy = "Stage"
	// VMRolloutStrategyLiveUpdate gives the running guest what it can take.
	VMRolloutStrategyLiveUpdate VMRolloutStrategy = "LiveUpdate"
)

// RoleAggregationStrategy tells whether Kubernetes' own roles grant rights on virtual machines.
type RoleAggregationStrategy string

const (
	// RoleAggregationStrategyAggregateToDefault adds the rights to the roles admin, edit and view.
	RoleAggregationStrategyAggregateToDefault RoleAggregationStrategy = "AggregateToDefault"
	// RoleAggregationStrategyManual leaves all granting to the administrator.
	RoleAggregationStrategyManual RoleAggregationStrategy = "Manual"
)
