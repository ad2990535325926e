// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// ClaimRequest is one request of a resource claim.
type ClaimRequest struct {
	// ClaimName is a claim in spec.resourceClaims.
	// +optional
	ClaimName string `json:"claimName,omitempty" protobuf:"bytes,1,opt,name=claimName"`
	// RequestName is a request in that claim.
	// +optional
	RequestName string `json:"requestName,omitempty" protobuf:"bytes,2,opt,name=requestName"`
}

// GPU is a graphics processor of the node that is passed through, or a virtual one.
type GPU struct {
	// Name of the device, unique among the GPUs.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// DeviceName is the resource of a device plugin, such as nvidia.com/GP102GL_Tesla_P40; excludes claimName.
	// +optional
	DeviceName string `json:"deviceName,omitempty" protobuf:"bytes,2,opt,name=deviceName"`
	// ClaimRequest takes the device from a resource claim instead.
	ClaimRequest `json:",inline" protobuf:"bytes,3,opt,name=claimRequest"`
	// VirtualGPUOptions are settings of a virtual GPU.
	// +optional
	VirtualGPUOptions *VGPUOptions `json:"virtualGPUOptions,omitempty" protobuf:"bytes,4,opt,name=virtualGPUOptions"`
	// Tag is shown to the guest with the device's address in the cloud-init metadata of a config drive.
	// +optional
	Tag string `json:"tag,omitempty" protobuf:"bytes,5,opt,name=tag"`
}

// VGPUOptions are settings of a virtual GPU.
type VGPUOptions struct {
	// Display is the screen that the virtual GPU draws.
	// +optional
	Display *VGPUDisplayOptions `json:"display,omitempty" protobuf:"bytes,1,opt,name=display"`
}

// VGPUDisplayOptions is the screen that a virtual GPU draws.
type VGPUDisplayOptions struct {
	// Enabled shows the screen by VNC. Defaults to true.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,1,opt,name=enabled"`
	// RamFB shows a simple screen until the guest's driver has started. Defaults to on.
	// +optional
	RamFB *FeatureState `json:"ramFB,omitempty" protobuf:"bytes,2,opt,name=ramFB"`
}

// HostDevice is a PCI, mediated or USB device of the node that is passed through.
type HostDevice struct {
	// Name of the device, unique among the host devices.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// DeviceName is the resource of a device plugin; excludes claimName.
	// +optional
	DeviceName string `json:"deviceName,omitempty" protobuf:"bytes,2,opt,name=deviceName"`
	// ClaimRequest takes the device from a resource claim instead.
	ClaimRequest `json:",inline" protobuf:"bytes,3,opt,name=claimRequest"`
	// Tag is shown to the guest with the device's address in the cloud-init metadata of a config drive.
	// +optional
	Tag string `json:"tag,omitempty" protobuf:"bytes,4,opt,name=tag"`
}

// VirtualMachineInstanceResourceClaim is a claim for dynamic resource allocation; one of the two references is set.
type VirtualMachineInstanceResourceClaim struct {
	// Name by which devices refer to the claim.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// ResourceClaimName is a ResourceClaim in the instance's namespace.
	// +optional
	ResourceClaimName *string `json:"resourceClaimName,omitempty" protobuf:"bytes,2,opt,name=resourceClaimName"`
	// ResourceClaimTemplateName is a template in the instance's namespace, from which each launcher pod gets a claim of its own.
	// +optional
	ResourceClaimTemplateName *string `json:"resourceClaimTemplateName,omitempty" protobuf:"bytes,3,opt,name=resourceClaimTemplateName"`
}
