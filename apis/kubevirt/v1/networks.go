// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// Network is what an interface connects to.
type Network struct {
	// Name of the network and of its interface.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// NetworkSource is the kind of network; exactly one of its fields is set.
	NetworkSource `json:",inline" protobuf:"bytes,2,opt,name=networkSource"`
}

// NetworkSource is the kind of network; exactly one field is set.
type NetworkSource struct {
	// Pod is the cluster's pod network.
	// +optional
	Pod *PodNetwork `json:"pod,omitempty" protobuf:"bytes,1,opt,name=pod"`
	// Multus is a secondary network of a NetworkAttachmentDefinition.
	// +optional
	Multus *MultusNetwork `json:"multus,omitempty" protobuf:"bytes,2,opt,name=multus"`
	// ResourceClaim is a network device that dynamic resource allocation provides.
	// +optional
	ResourceClaim *ClaimRequest `json:"resourceClaim,omitempty" protobuf:"bytes,3,opt,name=resourceClaim"`
}

// PodNetwork is the cluster's pod network.
type PodNetwork struct {
	// VMNetworkCIDR is the IPv4 network between pod and guest. Defaults to 10.0.2.0/24.
	// +optional
	VMNetworkCIDR string `json:"vmNetworkCIDR,omitempty" protobuf:"bytes,1,opt,name=vmNetworkCIDR"`
	// VMIPv6NetworkCIDR is the IPv6 network between pod and guest. Defaults to fd10:0:2::/120.
	// +optional
	VMIPv6NetworkCIDR string `json:"vmIPv6NetworkCIDR,omitempty" protobuf:"bytes,2,opt,name=vmIPv6NetworkCIDR"`
}

// MultusNetwork is a secondary network.
type MultusNetwork struct {
	// NetworkName is NAME or NAMESPACE/NAME of a NetworkAttachmentDefinition.
	NetworkName string `json:"networkName" protobuf:"bytes,1,opt,name=networkName"`
	// Default makes this network the pod's first one.
	// +optional
	Default bool `json:"default,omitempty" protobuf:"varint,2,opt,name=default"`
}
