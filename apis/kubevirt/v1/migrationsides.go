// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// VirtualMachineInstanceCommonMigrationState is what each side of a move reports.
type VirtualMachineInstanceCommonMigrationState struct {
	// Node of this side.
	// +optional
	Node string `json:"node,omitempty" protobuf:"bytes,1,opt,name=node"`
	// Pod is the launcher pod of this side.
	// +optional
	Pod string `json:"pod,omitempty" protobuf:"bytes,2,opt,name=pod"`
	// MigrationUID is the VirtualMachineInstanceMigration on this side.
	// +optional
	MigrationUID types.UID `json:"migrationUID,omitempty" protobuf:"bytes,3,opt,name=migrationUID,casttype=k8s.io/apimachinery/pkg/types.UID"`
	// DomainName is the name of the libvirt domain.
	// +optional
	DomainName *string `json:"domainName,omitempty" protobuf:"bytes,4,opt,name=domainName"`
	// DomainNamespace is the namespace of the instance.
	// +optional
	DomainNamespace *string `json:"domainNamespace,omitempty" protobuf:"bytes,5,opt,name=domainNamespace"`
	// SyncAddress is where the other cluster synchronises with this side.
	// +optional
	SyncAddress *string `json:"syncAddress,omitempty" protobuf:"bytes,6,opt,name=syncAddress"`
	// PersistentStatePVCName is the claim with firmware and TPM state.
	// +optional
	PersistentStatePVCName *string `json:"persistentStatePVCName,omitempty" protobuf:"bytes,7,opt,name=persistentStatePVCName"`
	// SelinuxContext is the SELinux context of the launcher.
	// +optional
	SelinuxContext string `json:"selinuxContext,omitempty" protobuf:"bytes,8,opt,name=selinuxContext"`
	// VirtualMachineInstanceUID is the instance on this side.
	// +optional
	VirtualMachineInstanceUID *types.UID `json:"virtualMachineInstanceUID,omitempty" protobuf:"bytes,9,opt,name=virtualMachineInstanceUID,casttype=k8s.io/apimachinery/pkg/types.UID"`
}

// VirtualMachineInstanceMigrationSourceState is what the source of a move reports.
type VirtualMachineInstanceMigrationSourceState struct {
	// VirtualMachineInstanceCommonMigrationState is what both sides report.
	VirtualMachineInstanceCommonMigrationState `json:",inline" protobuf:"bytes,1,opt,name=virtualMachineInstanceCommonMigrationState"`
	// NodeSelectors are labels that the target node has to carry.
	// +optional
	NodeSelectors map[string]string `json:"nodeSelectors,omitempty" protobuf:"bytes,2,rep,name=nodeSelectors"`
}

// VirtualMachineInstanceMigrationTargetState is what the target of a move reports.
type VirtualMachineInstanceMigrationTargetState struct {
	// VirtualMachineInstanceCommonMigrationState is what both sides report.
	VirtualMachineInstanceCommonMigrationState `json:",inline" protobuf:"bytes,1,opt,name=virtualMachineInstanceCommonMigrationState"`
	// DomainReadyTimestamp is when the guest ran on the target node.
	// +optional
	DomainReadyTimestamp *metav1.Time `json:"domainReadyTimestamp,omitempty" protobuf:"bytes,2,opt,name=domainReadyTimestamp"`
	// DomainDetected tells that the target node has seen the guest's domain.
	// +optional
	DomainDetected bool `json:"domainDetected,omitempty" protobuf:"varint,3,opt,name=domainDetected"`
	// NodeAddress is where the target node receives the guest.
	// +optional
	NodeAddress *string `json:"nodeAddress,omitempty" protobuf:"bytes,4,opt,name=nodeAddress"`
	// DirectMigrationNodePorts map ports of the target node to ports of the launcher.
	// +optional
	DirectMigrationNodePorts map[string]int64 `json:"directMigrationNodePorts,omitempty" protobuf:"bytes,5,rep,name=directMigrationNodePorts"`
	// AttachmentPodUID is the pod that holds plugged-in volumes.
	// +optional
	AttachmentPodUID *types.UID `json:"attachmentPodUID,omitempty" protobuf:"bytes,6,opt,name=attachmentPodUID,casttype=k8s.io/apimachinery/pkg/types.UID"`
	// CPUSet are the CPUs of the node that the guest gets.
	// +optional
	// +listType=atomic
	CPUSet []int64 `json:"cpuSet,omitempty" protobuf:"varint,7,rep,name=cpuSet"`
	// NodeTopology is the topology of the node's CPUs, as JSON.
	// +optional
	NodeTopology *string `json:"nodeTopology,omitempty" protobuf:"bytes,8,opt,name=nodeTopology"`
}
