// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

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
	// +patchMergeKey=type
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=type
	Conditions []VirtualMachineCondition `json:"conditions,omitempty" patchStrategy:"merge" patchMergeKey:"type" protobuf:"bytes,4,rep,name=conditions"`
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
	// SnapshotInProgress is the VirtualMachineSnapshot that is being made.
	// +optional
	SnapshotInProgress *string `json:"snapshotInProgress,omitempty" protobuf:"bytes,10,opt,name=snapshotInProgress"`
	// RestoreInProgress is the VirtualMachineRestore that is under way.
	// +optional
	RestoreInProgress *string `json:"restoreInProgress,omitempty" protobuf:"bytes,11,opt,name=restoreInProgress"`
	// VolumeRequests are volumes that shall be plugged in or out and are not yet.
	// +optional
	// +listType=atomic
	VolumeRequests []VirtualMachineVolumeRequest `json:"volumeRequests,omitempty" protobuf:"bytes,12,rep,name=volumeRequests"`
	// VolumeSnapshotStatuses tell of each volume whether it can be part of a snapshot.
	// +optional
	// +listType=atomic
	VolumeSnapshotStatuses []VolumeSnapshotStatus `json:"volumeSnapshotStatuses,omitempty" protobuf:"bytes,13,rep,name=volumeSnapshotStatuses"`
	// MemoryDumpRequest is the dump of the guest's memory that was asked for, and how far it is.
	// +optional
	// +nullable
	MemoryDumpRequest *VirtualMachineMemoryDumpRequest `json:"memoryDumpRequest,omitempty" protobuf:"bytes,14,opt,name=memoryDumpRequest"`
	// VolumeUpdateState is how far a change of volumes is.
	// +optional
	VolumeUpdateState *VolumeUpdateState `json:"volumeUpdateState,omitempty" protobuf:"bytes,15,opt,name=volumeUpdateState"`
	// ChangedBlockTracking is the state of recording changed blocks for incremental backups.
	// +optional
	// +nullable
	ChangedBlockTracking *ChangedBlockTrackingStatus `json:"changedBlockTracking,omitempty" protobuf:"bytes,16,opt,name=changedBlockTracking"`
	// InstancetypeRef is the instance type in use.
	// +optional
	// +nullable
	InstancetypeRef *InstancetypeStatusRef `json:"instancetypeRef,omitempty" protobuf:"bytes,17,opt,name=instancetypeRef"`
	// PreferenceRef is the preference in use.
	// +optional
	// +nullable
	PreferenceRef *InstancetypeStatusRef `json:"preferenceRef,omitempty" protobuf:"bytes,18,opt,name=preferenceRef"`
}

// VirtualMachinePrintableStatus is one word for people about a virtual machine.
type VirtualMachinePrintableStatus string

const (
	VirtualMachineStatusStopped            VirtualMachinePrintableStatus = "Stopped"
	VirtualMachineStatusProvisioning       VirtualMachinePrintableStatus = "Provisioning"
	VirtualMachineStatusStarting           VirtualMachinePrintableStatus = "Starting"
	VirtualMachineStatusRunning            VirtualMachinePrintableStatus = "Running"
	VirtualMachineStatusPaused             VirtualMachinePrintableStatus = "Paused"
	VirtualMachineStatusStopping           VirtualMachinePrintableStatus = "Stopping"
	VirtualMachineStatusTerminating        VirtualMachinePrintableStatus = "Terminating"
	VirtualMachineStatusCrashLoopBackOff   VirtualMachinePrintableStatus = "CrashLoopBackOff"
	VirtualMachineStatusUnschedulable      VirtualMachinePrintableStatus = "ErrorUnschedulable"
	VirtualMachineStatusErrImagePull       VirtualMachinePrintableStatus = "ErrImagePull"
	VirtualMachineStatusImagePullBackOff   VirtualMachinePrintableStatus = "ImagePullBackOff"
	VirtualMachineStatusPvcNotFound        VirtualMachinePrintableStatus = "ErrorPvcNotFound"
	VirtualMachineStatusWaitingForVolume   VirtualMachinePrintableStatus = "WaitingForVolumeBinding"
	VirtualMachineStatusUnknown            VirtualMachinePrintableStatus = "Unknown"
	VirtualMachineStatusMigrating          VirtualMachinePrintableStatus = "Migrating"
	VirtualMachineStatusDataVolumeError    VirtualMachinePrintableStatus = "DataVolumeError"
	VirtualMachineStatusWaitingForReceiver VirtualMachinePrintableStatus = "WaitingForReceiver"
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
	// VirtualMachineManualRecoveryRequired tells that a copy of volumes failed and the template has to be put right by hand.
	VirtualMachineManualRecoveryRequired VirtualMachineConditionType = "ManualRecoveryRequired"
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
