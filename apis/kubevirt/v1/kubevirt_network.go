// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import corev1 "k8s.io/api/core/v1"

// NetworkConfiguration is about the network of instances that name none.
type NetworkConfiguration struct {
	// NetworkInterface is the binding of the interface of instances that name none: masquerade. Defaults to masquerade, where
	// KubeVirt's default is bridge. bridge is stored and not used yet. Takes effect on instances that are created later.
	// +optional
	NetworkInterface string `json:"defaultNetworkInterface,omitempty" protobuf:"bytes,1,opt,name=defaultNetworkInterface"`
	// DeprecatedPermitSlirpInterface is not used: there is no slirp binding. Deprecated.
	// +optional
	DeprecatedPermitSlirpInterface *bool `json:"permitSlirpInterface,omitempty" protobuf:"varint,2,opt,name=permitSlirpInterface"`
	// PermitBridgeInterfaceOnPodNetwork permits bridge interfaces on the pod network. Not used: there are none yet.
	// +optional
	PermitBridgeInterfaceOnPodNetwork *bool `json:"permitBridgeInterfaceOnPodNetwork,omitempty" protobuf:"varint,3,opt,name=permitBridgeInterfaceOnPodNetwork"`
	// Binding holds further bindings by their name. Not used.
	// +optional
	Binding map[string]InterfaceBindingPlugin `json:"binding,omitempty" protobuf:"bytes,4,rep,name=binding"`
}

// InterfaceBindingPlugin describes a binding that others have written. Not used.
type InterfaceBindingPlugin struct {
	// SidecarImage is a container that is added to launcher pods.
	// +optional
	SidecarImage string `json:"sidecarImage,omitempty" protobuf:"bytes,1,opt,name=sidecarImage"`
	// NetworkAttachmentDefinition is one that launcher pods get, as NAME or NAMESPACE/NAME.
	// +optional
	NetworkAttachmentDefinition string `json:"networkAttachmentDefinition,omitempty" protobuf:"bytes,2,opt,name=networkAttachmentDefinition"`
	// DomainAttachmentType is tap or managedTap.
	// +optional
	DomainAttachmentType DomainAttachmentType `json:"domainAttachmentType,omitempty" protobuf:"bytes,3,opt,name=domainAttachmentType,casttype=DomainAttachmentType"`
	// Migration tells how guests with the binding migrate.
	// +optional
	Migration *InterfaceBindingMigration `json:"migration,omitempty" protobuf:"bytes,4,opt,name=migration"`
	// DownwardAPI is device-info when the container reads what Multus tells of devices.
	// +optional
	DownwardAPI NetworkBindingDownwardAPIType `json:"downwardAPI,omitempty" protobuf:"bytes,5,opt,name=downwardAPI,casttype=NetworkBindingDownwardAPIType"`
	// ComputeResourceOverhead is added to the launcher's resources.
	// +optional
	ComputeResourceOverhead *ResourceRequirementsWithoutClaims `json:"computeResourceOverhead,omitempty" protobuf:"bytes,6,opt,name=computeResourceOverhead"`
}

// DomainAttachmentType tells how a binding meets the guest.
type DomainAttachmentType string

const (
	Tap        DomainAttachmentType = "tap"
	ManagedTap DomainAttachmentType = "managedTap"
)

// NetworkBindingDownwardAPIType tells what a binding's container reads.
type NetworkBindingDownwardAPIType string

// DeviceInfo is what Multus tells of devices.
const DeviceInfo NetworkBindingDownwardAPIType = "device-info"

// InterfaceBindingMigration tells how guests with a binding migrate.
type InterfaceBindingMigration struct {
	// Method is link-refresh: the guest sees its link go down and up.
	// +optional
	Method MigrationMethod `json:"method,omitempty" protobuf:"bytes,1,opt,name=method,casttype=MigrationMethod"`
}

// MigrationMethod is a way in which guests with a binding migrate.
type MigrationMethod string

// LinkRefresh takes the guest's link down and up.
const LinkRefresh MigrationMethod = "link-refresh"

// ResourceRequirementsWithoutClaims are the resources of a container.
type ResourceRequirementsWithoutClaims struct {
	// Limits is the most that the container gets.
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty" protobuf:"bytes,1,rep,name=limits,casttype=k8s.io/api/core/v1.ResourceList,castkey=k8s.io/api/core/v1.ResourceName"`
	// Requests is the least that the container gets.
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty" protobuf:"bytes,2,rep,name=requests,casttype=k8s.io/api/core/v1.ResourceList,castkey=k8s.io/api/core/v1.ResourceName"`
}
