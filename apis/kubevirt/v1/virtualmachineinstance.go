// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachineInstance is a virtual machine that runs: one guest, from its first boot to its end.
type VirtualMachineInstance struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Spec is the wanted guest. It cannot be changed while the instance exists.
	Spec VirtualMachineInstanceSpec `json:"spec" protobuf:"bytes,2,opt,name=spec"`
	// Status is what was last seen of the guest; written by virtplane.
	// +optional
	Status VirtualMachineInstanceStatus `json:"status,omitempty" protobuf:"bytes,3,opt,name=status"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachineInstanceList is a list of VirtualMachineInstances.
type VirtualMachineInstanceList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Items is the list of instances.
	Items []VirtualMachineInstance `json:"items" protobuf:"bytes,2,rep,name=items"`
}

// VirtualMachineInstanceSpec describes a guest and where it shall run.
type VirtualMachineInstanceSpec struct {
	// Domain is the guest's machine: CPU, memory, devices.
	Domain DomainSpec `json:"domain" protobuf:"bytes,1,opt,name=domain"`
	// Volumes are the sources of the disks, at most 256; each belongs to the disk of the same name.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	Volumes []Volume `json:"volumes,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,2,rep,name=volumes"`
	// Networks are what the interfaces connect to, at most 256; each belongs to the interface of the same name.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	Networks []Network `json:"networks,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,3,rep,name=networks"`
	// TerminationGracePeriodSeconds is how long a guest may take to shut down before it is powered off, in seconds. Defaults to 30.
	// +optional
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty" protobuf:"varint,4,opt,name=terminationGracePeriodSeconds"`
	// NodeSelector limits the nodes to those that carry these labels.
	// +optional
	// +mapType=atomic
	NodeSelector map[string]string `json:"nodeSelector,omitempty" protobuf:"bytes,5,rep,name=nodeSelector"`
	// Affinity holds scheduling rules, as for a pod.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty" protobuf:"bytes,6,opt,name=affinity"`
	// Tolerations let the instance run on tainted nodes, as for a pod.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitempty" protobuf:"bytes,7,rep,name=tolerations"`
	// TopologySpreadConstraints spread instances over nodes, as for pods.
	// +optional
	// +patchMergeKey=topologyKey
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=topologyKey
	// +listMapKey=whenUnsatisfiable
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty" patchStrategy:"merge" patchMergeKey:"topologyKey" protobuf:"bytes,8,rep,name=topologySpreadConstraints"`
	// PriorityClassName is the priority class of the launcher pod.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty" protobuf:"bytes,9,opt,name=priorityClassName"`
	// SchedulerName is the scheduler that places the launcher pod.
	// +optional
	SchedulerName string `json:"schedulerName,omitempty" protobuf:"bytes,10,opt,name=schedulerName"`
	// Hostname is the guest's host name, where it takes one from DHCP or cloud-init. Defaults to the instance's name.
	// +optional
	Hostname string `json:"hostname,omitempty" protobuf:"bytes,11,opt,name=hostname"`
	// Subdomain makes the fully qualified name hostname.subdomain.namespace.svc.cluster-domain.
	// +optional
	Subdomain string `json:"subdomain,omitempty" protobuf:"bytes,12,opt,name=subdomain"`
	// DNSPolicy is the DNS policy of the launcher pod, from which the guest's resolver is configured.
	// +optional
	DNSPolicy corev1.DNSPolicy `json:"dnsPolicy,omitempty" protobuf:"bytes,13,opt,name=dnsPolicy,casttype=k8s.io/api/core/v1.DNSPolicy"`
	// DNSConfig is the DNS configuration of the launcher pod.
	// +optional
	DNSConfig *corev1.PodDNSConfig `json:"dnsConfig,omitempty" protobuf:"bytes,14,opt,name=dnsConfig"`
	// EvictionStrategy tells what an eviction of the launcher pod does: None, LiveMigrate, LiveMigrateIfPossible or External.
	// +optional
	EvictionStrategy *EvictionStrategy `json:"evictionStrategy,omitempty" protobuf:"bytes,15,opt,name=evictionStrategy,casttype=EvictionStrategy"`
	// StartStrategy Paused starts the guest with its CPUs stopped.
	// +optional
	StartStrategy *StartStrategy `json:"startStrategy,omitempty" protobuf:"bytes,16,opt,name=startStrategy,casttype=StartStrategy"`
	// LivenessProbe ends the instance when it fails.
	// +optional
	LivenessProbe *Probe `json:"livenessProbe,omitempty" protobuf:"bytes,17,opt,name=livenessProbe"`
	// ReadinessProbe takes the instance out of Services when it fails.
	// +optional
	ReadinessProbe *Probe `json:"readinessProbe,omitempty" protobuf:"bytes,18,opt,name=readinessProbe"`
	// Architecture is the guest's CPU architecture; amd64 is supported.
	// +optional
	Architecture string `json:"architecture,omitempty" protobuf:"bytes,19,opt,name=architecture"`
	// ServiceAccountName is the service account whose access policies networks of the instance may depend on. Defaults to the namespace's default one; no token of it enters the launcher pod.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty" protobuf:"bytes,20,opt,name=serviceAccountName"`
	// AccessCredentials are SSH keys and passwords from secrets that are put into the guest, at most 256.
	// +optional
	// +listType=atomic
	AccessCredentials []AccessCredential `json:"accessCredentials,omitempty" protobuf:"bytes,21,rep,name=accessCredentials"`
	// ResourceClaims are the claims for dynamic resource allocation that devices refer to.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	ResourceClaims []VirtualMachineInstanceResourceClaim `json:"resourceClaims,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,22,rep,name=resourceClaims"`
	// UtilityVolumes are claims that are attached to the launcher pod, not to the guest, for memory dumps and backups; at most 256.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	UtilityVolumes []UtilityVolume `json:"utilityVolumes,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,23,rep,name=utilityVolumes"`
}

// EvictionStrategy tells what an eviction of the launcher pod does.
type EvictionStrategy string

const (
	EvictionStrategyNone                  EvictionStrategy = "None"
	EvictionStrategyLiveMigrate           EvictionStrategy = "LiveMigrate"
	EvictionStrategyLiveMigrateIfPossible EvictionStrategy = "LiveMigrateIfPossible"
	EvictionStrategyExternal              EvictionStrategy = "External"
)

// StartStrategy tells how a guest starts.
type StartStrategy string

// StartStrategyPaused starts a guest with its CPUs stopped.
const StartStrategyPaused StartStrategy = "Paused"
