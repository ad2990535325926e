// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// SMBiosConfiguration is what guests read about their maker. Not used.
type SMBiosConfiguration struct {
	// Manufacturer is the maker's name.
	// +optional
	Manufacturer string `json:"manufacturer,omitempty" protobuf:"bytes,1,opt,name=manufacturer"`
	// Product is the product's name.
	// +optional
	Product string `json:"product,omitempty" protobuf:"bytes,2,opt,name=product"`
	// Version is the product's version.
	// +optional
	Version string `json:"version,omitempty" protobuf:"bytes,3,opt,name=version"`
	// Sku is the product's number.
	// +optional
	Sku string `json:"sku,omitempty" protobuf:"bytes,4,opt,name=sku"`
	// Family is the product's family.
	// +optional
	Family string `json:"family,omitempty" protobuf:"bytes,5,opt,name=family"`
}

// VirtualMachineOptions switch parts of guests off. Not used.
type VirtualMachineOptions struct {
	// DisableFreePageReporting keeps guests from giving memory back that they do not use.
	// +optional
	DisableFreePageReporting *DisableFreePageReporting `json:"disableFreePageReporting,omitempty" protobuf:"bytes,1,opt,name=disableFreePageReporting"`
	// DisableSerialConsoleLog keeps guests' consoles out of the pods' logs.
	// +optional
	DisableSerialConsoleLog *DisableSerialConsoleLog `json:"disableSerialConsoleLog,omitempty" protobuf:"bytes,2,opt,name=disableSerialConsoleLog"`
}

// DisableFreePageReporting stands for true.
type DisableFreePageReporting struct{}

// DisableSerialConsoleLog stands for true.
type DisableSerialConsoleLog struct{}

// HypervisorConfiguration is a hypervisor of nodes. Not used.
type HypervisorConfiguration struct {
	// Name is kvm or hyperv-direct.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
}

// ChangedBlockTrackingSelectors select the virtual machines whose changed blocks are tracked. Not used.
type ChangedBlockTrackingSelectors struct {
	// NamespaceLabelSelector selects all virtual machines of namespaces.
	// +optional
	NamespaceLabelSelector *metav1.LabelSelector `json:"namespaceLabelSelector,omitempty" protobuf:"bytes,1,opt,name=namespaceLabelSelector"`
	// VirtualMachineLabelSelector selects virtual machines.
	// +optional
	VirtualMachineLabelSelector *metav1.LabelSelector `json:"virtualMachineLabelSelector,omitempty" protobuf:"bytes,2,opt,name=virtualMachineLabelSelector"`
}

// ConfidentialComputeConfiguration is about guests whose memory the node cannot read. Not used.
type ConfidentialComputeConfiguration struct {
	// TDX is about Intel TDX.
	// +optional
	TDX *TDXConfiguration `json:"tdx,omitempty" protobuf:"bytes,1,opt,name=tdx"`
}

// TDXConfiguration is about Intel TDX.
type TDXConfiguration struct {
	// Attestation is about the proof that a guest gives of itself.
	// +optional
	Attestation *TDXAttestationConfiguration `json:"attestation,omitempty" protobuf:"bytes,1,opt,name=attestation"`
}

// TDXAttestationConfiguration is about the proof that a guest gives of itself.
type TDXAttestationConfiguration struct {
	// Enforced limits the nodes to those that can give the proof.
	// +optional
	Enforced *bool `json:"enforced,omitempty" protobuf:"varint,1,opt,name=enforced"`
	// QgsSocketPath is the socket of the service that signs the proof.
	// +optional
	QgsSocketPath *string `json:"qgsSocketPath,omitempty" protobuf:"bytes,2,opt,name=qgsSocketPath"`
}
