// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TopologyHints are properties of a guest's first node that other nodes have to offer, too.
type TopologyHints struct {
	// TSCFrequency is the rate of the time stamp counter, in hertz.
	// +optional
	TSCFrequency *int64 `json:"tscFrequency,omitempty" protobuf:"varint,1,opt,name=tscFrequency"`
}

// VirtualMachineInstanceMigrationMethod is how a guest moves.
type VirtualMachineInstanceMigrationMethod string

const (
	// BlockMigration copies disks along with memory.
	BlockMigration VirtualMachineInstanceMigrationMethod = "BlockMigration"
	// LiveMigration copies memory alone; both nodes see the disks.
	LiveMigration VirtualMachineInstanceMigrationMethod = "LiveMigration"
)

// VirtualMachineInstanceMigrationTransport is the channel between launchers.
type VirtualMachineInstanceMigrationTransport string

const (
	// MigrationTransportUnix goes over Unix sockets that the nodes' plugins connect.
	MigrationTransportUnix VirtualMachineInstanceMigrationTransport = "Unix"
)

// VirtualMachineInstanceMigrationState is a guest's move to another node.
type VirtualMachineInstanceMigrationState struct {
	// StartTimestamp is when copying began.
	// +optional
	// +nullable
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty" protobuf:"bytes,1,opt,name=startTimestamp"`
	// EndTimestamp is when the move ended.
	// +optional
	// +nullable
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty" protobuf:"bytes,2,opt,name=endTimestamp"`
	// TargetNodeDomainReadyTimestamp is when the guest ran on the target node.
	// +optional
	TargetNodeDomainReadyTimestamp *metav1.Time `json:"targetNodeDomainReadyTimestamp,omitempty" protobuf:"bytes,3,opt,name=targetNodeDomainReadyTimestamp"`
	// TargetNodeDomainDetected tells that the target node has seen the guest's domain.
	// +optional
	TargetNodeDomainDetected bool `json:"targetNodeDomainDetected,omitempty" protobuf:"varint,4,opt,name=targetNodeDomainDetected"`
	// TargetNodeAddress is where the target node receives the guest.
	// +optional
	TargetNodeAddress string `json:"targetNodeAddress,omitempty" protobuf:"bytes,5,opt,name=targetNodeAddress"`
	// TargetDirectMigrationNodePorts map ports of the target node to ports of the launcher.
	// +optional
	TargetDirectMigrationNodePorts map[string]int64 `json:"targetDirectMigrationNodePorts,omitempty" protobuf:"bytes,6,rep,name=targetDirectMigrationNodePorts"`
	// TargetNode is the node that the guest moves to.
	// +optional
	TargetNode string `json:"targetNode,omitempty" protobuf:"bytes,7,opt,name=targetNode"`
	// TargetPod is the launcher pod that the guest moves to.
	// +optional
	TargetPod string `json:"targetPod,omitempty" protobuf:"bytes,8,opt,name=targetPod"`
	// TargetAttachmentPodUID is the pod that holds plugged-in volumes on the target node.
	// +optional
	TargetAttachmentPodUID types.UID `json:"targetAttachmentPodUID,omitempty" protobuf:"bytes,9,opt,name=targetAttachmentPodUID,casttype=k8s.io/apimachinery/pkg/types.UID"`
	// SourceNode is the node that the guest moves from.
	// +optional
	SourceNode string `json:"sourceNode,omitempty" protobuf:"bytes,10,opt,name=sourceNode"`
	// SourcePod is the launcher pod that the guest moves from.
	// +optional
	SourcePod string `json:"sourcePod,omitempty" protobuf:"bytes,11,opt,name=sourcePod"`
	// Completed tells that the move has ended.
	// +optional
	Completed bool `json:"completed,omitempty" protobuf:"varint,12,opt,name=completed"`
	// Failed tells that the guest did not get to the target node.
	// +optional
	Failed bool `json:"failed,omitempty" protobuf:"varint,13,opt,name=failed"`
	// AbortRequested tells that the move shall be given up.
	// +optional
	AbortRequested bool `json:"abortRequested,omitempty" protobuf:"varint,14,opt,name=abortRequested"`
	// AbortStatus is Succeeded, Failed or Aborting.
	// +optional
	AbortStatus MigrationAbortStatus `json:"abortStatus,omitempty" protobuf:"bytes,15,opt,name=abortStatus,casttype=MigrationAbortStatus"`
	// FailureReason is a sentence for people.
	// +optional
	FailureReason string `json:"failureReason,omitempty" protobuf:"bytes,16,opt,name=failureReason"`
	// MigrationUID is the VirtualMachineInstanceMigration that asked for the move.
	// +optional
	MigrationUID types.UID `json:"migrationUid,omitempty" protobuf:"bytes,17,opt,name=migrationUid,casttype=k8s.io/apimachinery/pkg/types.UID"`
	// Mode is PreCopy, PostCopy or Paused.
	// +optional
	Mode MigrationMode `json:"mode,omitempty" protobuf:"bytes,18,opt,name=mode,casttype=MigrationMode"`
	// MigrationPolicyName is the MigrationPolicy that applies.
	// +optional
	MigrationPolicyName *string `json:"migrationPolicyName,omitempty" protobuf:"bytes,19,opt,name=migrationPolicyName"`
	// MigrationConfiguration holds the settings of this move.
	// +optional
	MigrationConfiguration *VMIMConfigurationOptions `json:"migrationConfiguration,omitempty" protobuf:"bytes,20,opt,name=migrationConfiguration"`
	// TargetCPUSet are the CPUs of the target node that the guest gets.
	// +optional
	// +listType=atomic
	TargetCPUSet []int64 `json:"targetCPUSet,omitempty" protobuf:"varint,21,rep,name=targetCPUSet"`
	// TargetNodeTopology is the topology of the target node's CPUs, as JSON.
	// +optional
	TargetNodeTopology string `json:"targetNodeTopology,omitempty" protobuf:"bytes,22,opt,name=targetNodeTopology"`
	// SourcePersistentStatePVCName is the claim with firmware and TPM state on the source.
	// +optional
	SourcePersistentStatePVCName string `json:"sourcePersistentStatePVCName,omitempty" protobuf:"bytes,23,opt,name=sourcePersistentStatePVCName"`
	// TargetPersistentStatePVCName is the claim with firmware and TPM state on the target.
	// +optional
	TargetPersistentStatePVCName string `json:"targetPersistentStatePVCName,omitempty" protobuf:"bytes,24,opt,name=targetPersistentStatePVCName"`
	// SourceState is what the source side reports.
	// +optional
	SourceState *VirtualMachineInstanceMigrationSourceState `json:"sourceState,omitempty" protobuf:"bytes,25,opt,name=sourceState"`
	// TargetState is what the target side reports.
	// +optional
	TargetState *VirtualMachineInstanceMigrationTargetState `json:"targetState,omitempty" protobuf:"bytes,26,opt,name=targetState"`
	// MigrationNetworkType is Pod or Migration (a network of its own).
	// +optional
	MigrationNetworkType MigrationNetworkType `json:"migrationNetworkType,omitempty" protobuf:"bytes,27,opt,name=migrationNetworkType,casttype=MigrationNetworkType"`
	// TargetMemoryOverhead is the memory that the target reserves beside the guest's.
	// +optional
	TargetMemoryOverhead *resource.Quantity `json:"targetMemoryOverhead,omitempty" protobuf:"bytes,28,opt,name=targetMemoryOverhead"`
}

// MigrationAbortStatus is how far giving up a move is.
type MigrationAbortStatus string

const (
	// MigrationAbortSucceeded left the guest on its source node.
	MigrationAbortSucceeded MigrationAbortStatus = "Succeeded"
	// MigrationAbortFailed could not give up the move.
	MigrationAbortFailed MigrationAbortStatus = "Failed"
	// MigrationAbortInProgress is giving up the move.
	MigrationAbortInProgress MigrationAbortStatus = "Aborting"
)

// MigrationMode is how a guest's memory is copied.
type MigrationMode string

const (
	// MigrationPreCopy copies while the guest runs on its source node.
	MigrationPreCopy MigrationMode = "PreCopy"
	// MigrationPostCopy copies while the guest runs on its target node.
	MigrationPostCopy MigrationMode = "PostCopy"
	// MigrationPaused copies while the guest is paused.
	MigrationPaused MigrationMode = "Paused"
)

// MigrationNetworkType is the network that a guest moves over.
type MigrationNetworkType string

const (
	// MigrationNetworkPod is the pod network.
	MigrationNetworkPod MigrationNetworkType = "Pod"
	// MigrationNetworkMigration is a network of its own.
	MigrationNetworkMigration MigrationNetworkType = "Migration"
)
