// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KubeVirtStatus tells how an installation fares.
type KubeVirtStatus struct {
	// Phase is Deploying until every component has been ready once, and Deployed from then on.
	// +optional
	Phase KubeVirtPhase `json:"phase,omitempty" protobuf:"bytes,1,opt,name=phase,casttype=KubeVirtPhase"`
	// Conditions hold the details: Available, Progressing, Degraded and Created.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []KubeVirtCondition `json:"conditions,omitempty" protobuf:"bytes,2,rep,name=conditions"`
	// OperatorVersion is the version of the virt-controller that keeps this status.
	// +optional
	OperatorVersion string `json:"operatorVersion,omitempty" protobuf:"bytes,3,opt,name=operatorVersion"`
	// TargetKubeVirtRegistry is the registry of the launcher's image.
	// +optional
	TargetKubeVirtRegistry string `json:"targetKubeVirtRegistry,omitempty" protobuf:"bytes,4,opt,name=targetKubeVirtRegistry"`
	// TargetKubeVirtVersion is the version that is being installed.
	// +optional
	TargetKubeVirtVersion string `json:"targetKubeVirtVersion,omitempty" protobuf:"bytes,5,opt,name=targetKubeVirtVersion"`
	// TargetDeploymentConfig is not used.
	// +optional
	TargetDeploymentConfig string `json:"targetDeploymentConfig,omitempty" protobuf:"bytes,6,opt,name=targetDeploymentConfig"`
	// TargetDeploymentID is not used.
	// +optional
	TargetDeploymentID string `json:"targetDeploymentID,omitempty" protobuf:"bytes,7,opt,name=targetDeploymentID"`
	// ObservedKubeVirtRegistry is the registry of the launcher's image that was last rolled out everywhere.
	// +optional
	ObservedKubeVirtRegistry string `json:"observedKubeVirtRegistry,omitempty" protobuf:"bytes,8,opt,name=observedKubeVirtRegistry"`
	// ObservedKubeVirtVersion is the version that was last rolled out everywhere.
	// +optional
	ObservedKubeVirtVersion string `json:"observedKubeVirtVersion,omitempty" protobuf:"bytes,9,opt,name=observedKubeVirtVersion"`
	// ObservedDeploymentConfig is not used.
	// +optional
	ObservedDeploymentConfig string `json:"observedDeploymentConfig,omitempty" protobuf:"bytes,10,opt,name=observedDeploymentConfig"`
	// ObservedDeploymentID is not used.
	// +optional
	ObservedDeploymentID string `json:"observedDeploymentID,omitempty" protobuf:"bytes,11,opt,name=observedDeploymentID"`
	// OutdatedVirtualMachineInstanceWorkloads is the number of guests that an older launcher runs.
	// +optional
	OutdatedVirtualMachineInstanceWorkloads *int64 `json:"outdatedVirtualMachineInstanceWorkloads,omitempty" protobuf:"varint,12,opt,name=outdatedVirtualMachineInstanceWorkloads"`
	// ObservedGeneration is the generation of the spec that virt-controller works by.
	// +optional
	ObservedGeneration *int64 `json:"observedGeneration,omitempty" protobuf:"varint,13,opt,name=observedGeneration"`
	// DefaultArchitecture is the CPU architecture of guests that name none.
	// +optional
	DefaultArchitecture string `json:"defaultArchitecture,omitempty" protobuf:"bytes,14,opt,name=defaultArchitecture"`
	// Generations are not used.
	// +optional
	// +listType=atomic
	Generations []GenerationStatus `json:"generations,omitempty" protobuf:"bytes,15,rep,name=generations"`
	// SynchronizationAddresses are not used.
	// +optional
	// +listType=atomic
	SynchronizationAddresses []string `json:"synchronizationAddresses,omitempty" protobuf:"bytes,16,rep,name=synchronizationAddresses"`
}

// KubeVirtPhase is one word for how an installation fares.
type KubeVirtPhase string

const (
	// KubeVirtPhaseDeploying lasts until every component has been ready once.
	KubeVirtPhaseDeploying KubeVirtPhase = "Deploying"
	// KubeVirtPhaseDeployed is every later state; the conditions tell which.
	KubeVirtPhaseDeployed KubeVirtPhase = "Deployed"
	// KubeVirtPhaseDeleting is not used.
	KubeVirtPhaseDeleting KubeVirtPhase = "Deleting"
	// KubeVirtPhaseDeleted is not used.
	KubeVirtPhaseDeleted KubeVirtPhase = "Deleted"
)

// KubeVirtCondition is one aspect of how an installation fares.
type KubeVirtCondition struct {
	// Type names the aspect: Available, Progressing, Degraded or Created.
	Type KubeVirtConditionType `json:"type" protobuf:"bytes,1,opt,name=type,casttype=KubeVirtConditionType"`
	// Status is True, False or Unknown.
	Status ConditionStatus `json:"status" protobuf:"bytes,2,opt,name=status,casttype=ConditionStatus"`
	// LastProbeTime is when the condition last changed in any way.
	// +optional
	// +nullable
	LastProbeTime metav1.Time `json:"lastProbeTime,omitempty" protobuf:"bytes,3,opt,name=lastProbeTime"`
	// LastTransitionTime is when the status last changed.
	// +optional
	// +nullable
	LastTransitionTime metav1.Time `json:"lastTransitionTime,omitempty" protobuf:"bytes,4,opt,name=lastTransitionTime"`
	// Reason is one CamelCase word for the cause.
	// +optional
	Reason string `json:"reason,omitempty" protobuf:"bytes,5,opt,name=reason"`
	// Message is a sentence for people.
	// +optional
	Message string `json:"message,omitempty" protobuf:"bytes,6,opt,name=message"`
}

// KubeVirtConditionType names an aspect of how an installation fares.
type KubeVirtConditionType string

const (
	// KubeVirtConditionSynchronized is not used.
	KubeVirtConditionSynchronized KubeVirtConditionType = "Synchronized"
	// KubeVirtConditionCreated tells that the objects of every component exist.
	KubeVirtConditionCreated KubeVirtConditionType = "Created"
	// KubeVirtConditionAvailable tells that each component has a ready pod, so that guests can be started.
	KubeVirtConditionAvailable KubeVirtConditionType = "Available"
	// KubeVirtConditionProgressing tells that pods of a component are being replaced.
	KubeVirtConditionProgressing KubeVirtConditionType = "Progressing"
	// KubeVirtConditionDegraded tells that some pod of a component is not ready.
	KubeVirtConditionDegraded KubeVirtConditionType = "Degraded"
)

// GenerationStatus is the generation of an object of an installation that was last written.
type GenerationStatus struct {
	// Group is the object's API group.
	Group string `json:"group" protobuf:"bytes,1,opt,name=group"`
	// Resource is the object's resource.
	Resource string `json:"resource" protobuf:"bytes,2,opt,name=resource"`
	// Namespace is the object's namespace.
	// +optional
	Namespace string `json:"namespace,omitempty" protobuf:"bytes,3,opt,name=namespace"`
	// Name is the object's name.
	Name string `json:"name" protobuf:"bytes,4,opt,name=name"`
	// LastGeneration is the generation.
	LastGeneration int64 `json:"lastGeneration" protobuf:"varint,5,opt,name=lastGeneration"`
	// Hash is that of the content of objects that have no generation.
	// +optional
	Hash string `json:"hash,omitempty" protobuf:"bytes,6,opt,name=hash"`
}
