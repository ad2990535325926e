// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachine is a virtual machine that exists whether it runs or not. It owns the
// VirtualMachineInstance of the same name while it runs.
type VirtualMachine struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Spec is the wanted virtual machine and when it shall run.
	Spec VirtualMachineSpec `json:"spec" protobuf:"bytes,2,opt,name=spec"`
	// Status is what was last seen of the virtual machine; written by virtplane.
	// +optional
	Status VirtualMachineStatus `json:"status,omitempty" protobuf:"bytes,3,opt,name=status"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachineList is a list of VirtualMachines.
type VirtualMachineList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Items is the list of virtual machines.
	Items []VirtualMachine `json:"items" protobuf:"bytes,2,rep,name=items"`
}

// VirtualMachineSpec describes the wanted virtual machine.
type VirtualMachineSpec struct {
	// Running is the older form of runStrategy: true stands for Always, false for Halted. Deprecated: use runStrategy.
	// +optional
	Running *bool `json:"running,omitempty" protobuf:"varint,1,opt,name=running"`
	// RunStrategy tells when the virtual machine shall run: Always, Halted, Manual, RerunOnFailure or Once. Mutually exclusive with running.
	// +optional
	RunStrategy *VirtualMachineRunStrategy `json:"runStrategy,omitempty" protobuf:"bytes,2,opt,name=runStrategy,casttype=VirtualMachineRunStrategy"`
	// Template is the instance to run.
	// +optional
	Template *VirtualMachineInstanceTemplateSpec `json:"template,omitempty" protobuf:"bytes,3,opt,name=template"`
}

// VirtualMachineRunStrategy tells when a virtual machine shall run.
type VirtualMachineRunStrategy string

const (
	// RunStrategyAlways keeps an instance running, and replaces one that ends.
	RunStrategyAlways VirtualMachineRunStrategy = "Always"
	// RunStrategyHalted keeps no instance.
	RunStrategyHalted VirtualMachineRunStrategy = "Halted"
	// RunStrategyManual leaves starting and stopping to the start and stop subresources.
	RunStrategyManual VirtualMachineRunStrategy = "Manual"
	// RunStrategyRerunOnFailure replaces an instance that failed, not one that shut down.
	RunStrategyRerunOnFailure VirtualMachineRunStrategy = "RerunOnFailure"
	// RunStrategyOnce runs one instance and never another.
	RunStrategyOnce VirtualMachineRunStrategy = "Once"
)

// VirtualMachineInstanceTemplateSpec is the metadata and spec of the instance that a virtual machine runs.
type VirtualMachineInstanceTemplateSpec struct {
	// ObjectMeta holds the labels and annotations that the instance gets.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Spec is the instance's spec.
	// +optional
	Spec VirtualMachineInstanceSpec `json:"spec,omitempty" protobuf:"bytes,2,opt,name=spec"`
}

// VirtualMachineStatus is what was last seen of a virtual machine.
type VirtualMachineStatus struct {
	// Created tells that the instance exists in the cluster.
	// +optional
	Created bool `json:"created,omitempty" protobuf:"varint,1,opt,name=created"`
	// Ready tells that the instance is running and ready.
	// +optional
	Ready bool `json:"ready,omitempty" protobuf:"varint,2,opt,name=ready"`
	// PrintableStatus is one word for people, such as Running, Stopped or ErrorUnschedulable.
	// +optional
	PrintableStatus VirtualMachinePrintableStatus `json:"printableStatus,omitempty" protobuf:"bytes,3,opt,name=printableStatus,casttype=VirtualMachinePrintableStatus"`
	// Conditions hold the details, among them those of the instance.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []VirtualMachineCondition `json:"conditions,omitempty" protobuf:"bytes,4,rep,name=conditions"`
	// StateChangeRequests are starts and stops that were asked for and are not done yet, oldest first.
	// +optional
	// +listType=atomic
	StateChangeRequests []VirtualMachineStateChangeRequest `json:"stateChangeRequests,omitempty" protobuf:"bytes,5,rep,name=stateChangeRequests"`
	// StartFailure counts instances in a row that failed before they ran, and holds the time of the next try.
	// +optional
	StartFailure *VirtualMachineStartFailure `json:"startFailure,omitempty" protobuf:"bytes,6,opt,name=startFailure"`
	// ObservedGeneration is the generation of the spec that the running instance was made from.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty" protobuf:"varint,7,opt,name=observedGeneration"`
	// DesiredGeneration is the generation of the spec that was last looked at.
	// +optional
	DesiredGeneration int64 `json:"desiredGeneration,omitempty" protobuf:"varint,8,opt,name=desiredGeneration"`
	// RunStrategy is the run strategy that was last acted on.
	// +optional
	RunStrategy VirtualMachineRunStrategy `json:"runStrategy,omitempty" protobuf:"bytes,9,opt,name=runStrategy,casttype=VirtualMachineRunStrategy"`
}

// VirtualMachinePrintableStatus is one word for people about a virtual machine.
type VirtualMachinePrintableStatus string

const (
	VirtualMachineStatusStopped          VirtualMachinePrintableStatus = "Stopped"
	VirtualMachineStatusProvisioning     VirtualMachinePrintableStatus = "Provisioning"
	VirtualMachineStatusStarting         VirtualMachinePrintableStatus = "Starting"
	VirtualMachineStatusRunning          VirtualMachinePrintableStatus = "Running"
	VirtualMachineStatusPaused           VirtualMachinePrintableStatus = "Paused"
	VirtualMachineStatusStopping         VirtualMachinePrintableStatus = "Stopping"
	VirtualMachineStatusTerminating      VirtualMachinePrintableStatus = "Terminating"
	VirtualMachineStatusCrashLoopBackOff VirtualMachinePrintableStatus = "CrashLoopBackOff"
	VirtualMachineStatusUnschedulable    VirtualMachinePrintableStatus = "ErrorUnschedulable"
	VirtualMachineStatusErrImagePull     VirtualMachinePrintableStatus = "ErrImagePull"
	VirtualMachineStatusImagePullBackOff VirtualMachinePrintableStatus = "ImagePullBackOff"
	VirtualMachineStatusPvcNotFound      VirtualMachinePrintableStatus = "ErrorPvcNotFound"
	VirtualMachineStatusWaitingForVolume VirtualMachinePrintableStatus = "WaitingForVolumeBinding"
	VirtualMachineStatusUnknown          VirtualMachinePrintableStatus = "Unknown"
)

// VirtualMachineCondition is one aspect of a virtual machine's state.
type VirtualMachineCondition struct {
	// Type names the aspect, such as Ready, Failure or Paused.
	Type VirtualMachineConditionType `json:"type" protobuf:"bytes,1,opt,name=type,casttype=VirtualMachineConditionType"`
	// Status is True, False or Unknown.
	Status ConditionStatus `json:"status" protobuf:"bytes,2,opt,name=status,casttype=ConditionStatus"`
	// LastProbeTime is when the condition was last looked at.
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

// ConditionStatus is True, False or Unknown.
type ConditionStatus string

const (
	ConditionTrue    ConditionStatus = "True"
	ConditionFalse   ConditionStatus = "False"
	ConditionUnknown ConditionStatus = "Unknown"
)

// VirtualMachineConditionType names an aspect of a virtual machine's state.
type VirtualMachineConditionType string

const (
	// VirtualMachineReady mirrors the instance's Ready condition.
	VirtualMachineReady VirtualMachineConditionType = "Ready"
	// VirtualMachineFailure holds why the instance could not be created or deleted.
	VirtualMachineFailure VirtualMachineConditionType = "Failure"
	// VirtualMachinePaused tells that the guest's CPUs are stopped.
	VirtualMachinePaused VirtualMachineConditionType = "Paused"
	// VirtualMachineRestartRequired tells that the template differs from what runs.
	VirtualMachineRestartRequired VirtualMachineConditionType = "RestartRequired"
)

// VirtualMachineStateChangeRequest is a start or stop that was asked for.
type VirtualMachineStateChangeRequest struct {
	// Action is Start or Stop.
	Action StateChangeRequestAction `json:"action" protobuf:"bytes,1,opt,name=action,casttype=StateChangeRequestAction"`
	// Data holds details of the request, such as paused.
	// +optional
	Data map[string]string `json:"data,omitempty" protobuf:"bytes,2,rep,name=data"`
	// UID is the instance that shall stop; a request for another one is dropped.
	// +optional
	UID *types.UID `json:"uid,omitempty" protobuf:"bytes,3,opt,name=uid,casttype=k8s.io/apimachinery/pkg/types.UID"`
}

// StateChangeRequestAction is Start or Stop.
type StateChangeRequestAction string

const (
	StartRequest StateChangeRequestAction = "Start"
	StopRequest  StateChangeRequestAction = "Stop"

	// StartRequestDataPaused is the key in a start request's data that asks for a paused guest.
	StartRequestDataPaused = "paused"
)

// VirtualMachineStartFailure counts failed starts in a row.
type VirtualMachineStartFailure struct {
	// ConsecutiveFailCount is the number of instances in a row that failed before they ran.
	// +optional
	ConsecutiveFailCount int32 `json:"consecutiveFailCount,omitempty" protobuf:"varint,1,opt,name=consecutiveFailCount"`
	// LastFailedVMIUID is the last one of them.
	// +optional
	LastFailedVMIUID types.UID `json:"lastFailedVMIUID,omitempty" protobuf:"bytes,2,opt,name=lastFailedVMIUID,casttype=k8s.io/apimachinery/pkg/types.UID"`
	// RetryAfterTimestamp is the time before which no new instance is made.
	// +optional
	RetryAfterTimestamp *metav1.Time `json:"retryAfterTimestamp,omitempty" protobuf:"bytes,3,opt,name=retryAfterTimestamp"`
}
