// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KubeVirtConfiguration holds what guests and components are run with. What says "not used" is stored and changes nothing.
type KubeVirtConfiguration struct {
	// CPUModel is the CPU model of instances that name none: host-model, host-passthrough or a model that libvirt knows. Defaults to
	// host-model. Takes effect on instances that are created later.
	// +optional
	CPUModel string `json:"cpuModel,omitempty" protobuf:"bytes,1,opt,name=cpuModel"`
	// CPURequest is the CPU that launcher pods ask for where the instance says nothing, whatever the number of the guest's CPUs.
	// Defaults to the guest's CPUs divided by developerConfiguration.cpuAllocationRatio, at least 100m.
	// +optional
	CPURequest *resource.Quantity `json:"cpuRequest,omitempty" protobuf:"bytes,2,opt,name=cpuRequest"`
	// DeveloperConfiguration holds overcommitment, emulation, log levels and feature gates.
	// +optional
	DeveloperConfiguration *DeveloperConfiguration `json:"developerConfiguration,omitempty" protobuf:"bytes,3,opt,name=developerConfiguration"`
	// EmulatedMachines are patterns of the machine types that guests may have. Not used: q35 and pc-q35-* are. Deprecated: use
	// architectureConfiguration.
	// +optional
	// +listType=atomic
	EmulatedMachines []string `json:"emulatedMachines,omitempty" protobuf:"bytes,4,rep,name=emulatedMachines"`
	// ImagePullPolicy is the pull policy of the launcher's image: Always, IfNotPresent or Never. Defaults to IfNotPresent.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty" protobuf:"bytes,5,opt,name=imagePullPolicy,casttype=k8s.io/api/core/v1.PullPolicy"`
	// MigrationConfiguration is about live migration. Not used: there is none yet.
	// +optional
	MigrationConfiguration *MigrationConfiguration `json:"migrations,omitempty" protobuf:"bytes,6,opt,name=migrations"`
	// MachineType is the machine type of instances that name none: q35 or pc-q35-VERSION. Defaults to q35. Deprecated: use
	// architectureConfiguration.amd64.machineType, which wins.
	// +optional
	MachineType string `json:"machineType,omitempty" protobuf:"bytes,7,opt,name=machineType"`
	// NetworkConfiguration is about the network of instances that name none.
	// +optional
	NetworkConfiguration *NetworkConfiguration `json:"network,omitempty" protobuf:"bytes,8,opt,name=network"`
	// OVMFPath is the directory of UEFI firmware. Not used: the launcher's image holds it. Deprecated: use architectureConfiguration.
	// +optional
	OVMFPath string `json:"ovmfPath,omitempty" protobuf:"bytes,9,opt,name=ovmfPath"`
	// SELinuxLauncherType is the SELinux type of launcher pods. Not used: they run with the type of any container.
	// +optional
	SELinuxLauncherType string `json:"selinuxLauncherType,omitempty" protobuf:"bytes,10,opt,name=selinuxLauncherType"`
	// DefaultRuntimeClass is the RuntimeClass of launcher pods. Defaults to none. Takes effect on pods that are created later.
	// +optional
	DefaultRuntimeClass string `json:"defaultRuntimeClass,omitempty" protobuf:"bytes,11,opt,name=defaultRuntimeClass"`
	// SMBIOSConfig is what guests read about their maker. Not used.
	// +optional
	SMBIOSConfig *SMBiosConfiguration `json:"smbios,omitempty" protobuf:"bytes,12,opt,name=smbios"`
	// ArchitectureConfiguration holds the defaults for each CPU architecture.
	// +optional
	ArchitectureConfiguration *ArchConfiguration `json:"architectureConfiguration,omitempty" protobuf:"bytes,13,opt,name=architectureConfiguration"`
	// EvictionStrategy is that of instances that name none: None, LiveMigrate, LiveMigrateIfPossible or External. Defaults to None.
	// Takes effect on instances that are created later.
	// +optional
	EvictionStrategy *EvictionStrategy `json:"evictionStrategy,omitempty" protobuf:"bytes,14,opt,name=evictionStrategy,casttype=EvictionStrategy"`
	// AdditionalGuestMemoryOverheadRatio multiplies the memory that launcher pods get beside the guest's, as a decimal number from 1
	// to 100. Defaults to 1. Takes effect on pods that are created later.
	// +optional
	AdditionalGuestMemoryOverheadRatio *string `json:"additionalGuestMemoryOverheadRatio,omitempty" protobuf:"bytes,15,opt,name=additionalGuestMemoryOverheadRatio"`
	// SupportContainerResources are the resources of further containers of launcher pods. Not used: there are none.
	// +optional
	// +listType=map
	// +listMapKey=type
	SupportContainerResources []SupportContainerResources `json:"supportContainerResources,omitempty" protobuf:"bytes,16,rep,name=supportContainerResources"`
	// SupportedGuestAgentVersions are patterns of versions. Not used. Deprecated.
	// +optional
	// +listType=atomic
	SupportedGuestAgentVersions []string `json:"supportedGuestAgentVersions,omitempty" protobuf:"bytes,17,rep,name=supportedGuestAgentVersions"`
	// MemBalloonStatsPeriod is the time between two readings of a guest's memory, in seconds. Not used.
	// +optional
	MemBalloonStatsPeriod *uint32 `json:"memBalloonStatsPeriod,omitempty" protobuf:"varint,18,opt,name=memBalloonStatsPeriod"`
	// PermittedHostDevices are the devices of nodes that guests may have. Not used: guests get no devices of nodes yet.
	// +optional
	PermittedHostDevices *PermittedHostDevices `json:"permittedHostDevices,omitempty" protobuf:"bytes,19,opt,name=permittedHostDevices"`
	// MediatedDevicesConfiguration tells which mediated devices nodes have. Not used.
	// +optional
	MediatedDevicesConfiguration *MediatedDevicesConfiguration `json:"mediatedDevicesConfiguration,omitempty" protobuf:"bytes,20,opt,name=mediatedDevicesConfiguration"`
	// DeprecatedMinCPUModel is the least CPU model of nodes. Not used. Deprecated.
	// +optional
	DeprecatedMinCPUModel string `json:"minCPUModel,omitempty" protobuf:"bytes,21,opt,name=minCPUModel"`
	// ObsoleteCPUModels are CPU models that no node offers. Not used.
	// +optional
	ObsoleteCPUModels map[string]bool `json:"obsoleteCPUModels,omitempty" protobuf:"bytes,22,rep,name=obsoleteCPUModels"`
	// VirtualMachineInstancesPerNode is the most guests that a node runs. Not used: the kubelet's limit of pods holds.
	// +optional
	VirtualMachineInstancesPerNode *int64 `json:"virtualMachineInstancesPerNode,omitempty" protobuf:"varint,23,opt,name=virtualMachineInstancesPerNode"`
	// APIConfiguration limits the requests of virt-apiserver. Not used.
	// +optional
	APIConfiguration *ReloadableComponentConfiguration `json:"apiConfiguration,omitempty" protobuf:"bytes,24,opt,name=apiConfiguration"`
	// WebhookConfiguration limits the requests of webhooks. Not used: there are none.
	// +optional
	WebhookConfiguration *ReloadableComponentConfiguration `json:"webhookConfiguration,omitempty" protobuf:"bytes,25,opt,name=webhookConfiguration"`
	// ControllerConfiguration limits the requests of virt-controller. Not used: its flags --kube-api-qps and --kube-api-burst do.
	// +optional
	ControllerConfiguration *ReloadableComponentConfiguration `json:"controllerConfiguration,omitempty" protobuf:"bytes,26,opt,name=controllerConfiguration"`
	// HandlerConfiguration limits the requests of node plugins. Not used.
	// +optional
	HandlerConfiguration *ReloadableComponentConfiguration `json:"handlerConfiguration,omitempty" protobuf:"bytes,27,opt,name=handlerConfiguration"`
	// TLSConfiguration limits the protocol versions and ciphers of TLS. Not used: every server asks for TLS 1.2 or later, and the
	// flags --tls-min-version and --tls-cipher-suites of virt-apiserver ask for more.
	// +optional
	TLSConfiguration *TLSConfiguration `json:"tlsConfiguration,omitempty" protobuf:"bytes,28,opt,name=tlsConfiguration"`
	// SeccompConfiguration is the seccomp profile of launcher pods. Not used: it is RuntimeDefault.
	// +optional
	SeccompConfiguration *SeccompConfiguration `json:"seccompConfiguration,omitempty" protobuf:"bytes,29,opt,name=seccompConfiguration"`
	// VMStateStorageClass is the storage class of what guests keep besides disks. Not used.
	// +optional
	VMStateStorageClass string `json:"vmStateStorageClass,omitempty" protobuf:"bytes,30,opt,name=vmStateStorageClass"`
	// VirtualMachineOptions switch parts of guests off. Not used.
	// +optional
	VirtualMachineOptions *VirtualMachineOptions `json:"virtualMachineOptions,omitempty" protobuf:"bytes,31,opt,name=virtualMachineOptions"`
	// KSMConfiguration tells on which nodes equal memory pages are merged. Not used.
	// +optional
	KSMConfiguration *KSMConfiguration `json:"ksmConfiguration,omitempty" protobuf:"bytes,32,opt,name=ksmConfiguration"`
	// AutoCPULimitNamespaceLabelSelector selects the namespaces in which launcher pods get a CPU limit. Not used.
	// +optional
	AutoCPULimitNamespaceLabelSelector *metav1.LabelSelector `json:"autoCPULimitNamespaceLabelSelector,omitempty" protobuf:"bytes,33,opt,name=autoCPULimitNamespaceLabelSelector"`
	// LiveUpdateConfiguration limits what guests can be given while they run. Not used.
	// +optional
	LiveUpdateConfiguration *LiveUpdateConfiguration `json:"liveUpdateConfiguration,omitempty" protobuf:"bytes,34,opt,name=liveUpdateConfiguration"`
	// VMRolloutStrategy is Stage or LiveUpdate. Not used: a changed template takes effect with the next start.
	// +optional
	VMRolloutStrategy *VMRolloutStrategy `json:"vmRolloutStrategy,omitempty" protobuf:"bytes,35,opt,name=vmRolloutStrategy,casttype=VMRolloutStrategy"`
	// CommonInstancetypesDeployment installs a set of instance types. Not used.
	// +optional
	CommonInstancetypesDeployment *CommonInstancetypesDeployment `json:"commonInstancetypesDeployment,omitempty" protobuf:"bytes,36,opt,name=commonInstancetypesDeployment"`
	// VirtTemplateDeployment installs templates of virtual machines. Not used.
	// +optional
	VirtTemplateDeployment *VirtTemplateDeployment `json:"virtTemplateDeployment,omitempty" protobuf:"bytes,37,opt,name=virtTemplateDeployment"`
	// Instancetype tells how virtual machines refer to instance types. Not used.
	// +optional
	Instancetype *InstancetypeConfiguration `json:"instancetype,omitempty" protobuf:"bytes,38,opt,name=instancetype"`
	// Hypervisors are the hypervisors of nodes, at most one. Not used: it is kvm.
	// +optional
	// +listType=atomic
	Hypervisors []HypervisorConfiguration `json:"hypervisors,omitempty" protobuf:"bytes,39,rep,name=hypervisors"`
	// ChangedBlockTrackingLabelSelectors select the virtual machines whose changed blocks are tracked. Not used.
	// +optional
	ChangedBlockTrackingLabelSelectors *ChangedBlockTrackingSelectors `json:"changedBlockTrackingLabelSelectors,omitempty" protobuf:"bytes,40,opt,name=changedBlockTrackingLabelSelectors"`
	// PersistentReservationConfiguration is about SCSI persistent reservations. Not used.
	// +optional
	PersistentReservationConfiguration *PersistentReservationConfiguration `json:"persistentReservationConfiguration,omitempty" protobuf:"bytes,41,opt,name=persistentReservationConfiguration"`
	// ConfidentialCompute is about guests whose memory the node cannot read. Not used.
	// +optional
	ConfidentialCompute *ConfidentialComputeConfiguration `json:"confidentialCompute,omitempty" protobuf:"bytes,42,opt,name=confidentialCompute"`
	// RoleAggregationStrategy tells whether the roles admin, edit and view grant rights on virtual machines. Only AggregateToDefault
	// is taken: the manifests of the installation hold the roles.
	// +optional
	RoleAggregationStrategy *RoleAggregationStrategy `json:"roleAggregationStrategy,omitempty" protobuf:"bytes,43,opt,name=roleAggregationStrategy,casttype=RoleAggregationStrategy"`
}
