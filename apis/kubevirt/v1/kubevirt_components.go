// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// ReloadableComponentConfiguration limits the requests of a component. Not used.
type ReloadableComponentConfiguration struct {
	// RestClient is about the component's client.
	// +optional
	RestClient *RESTClientConfiguration `json:"restClient,omitempty" protobuf:"bytes,1,opt,name=restClient"`
}

// RESTClientConfiguration is about the client of a component.
type RESTClientConfiguration struct {
	// RateLimiter limits its requests.
	// +optional
	RateLimiter *RateLimiter `json:"rateLimiter,omitempty" protobuf:"bytes,1,opt,name=rateLimiter"`
}

// RateLimiter limits requests.
type RateLimiter struct {
	// TokenBucketRateLimiter limits them on average.
	// +optional
	TokenBucketRateLimiter *TokenBucketRateLimiter `json:"tokenBucketRateLimiter,omitempty" protobuf:"bytes,1,opt,name=tokenBucketRateLimiter"`
}

// TokenBucketRateLimiter limits requests on average.
type TokenBucketRateLimiter struct {
	// QPS is the number of requests per second; 0 for the component's default.
	QPS float32 `json:"qps" protobuf:"fixed32,1,opt,name=qps"`
	// Burst is the number of requests at once; 0 for the component's default.
	Burst int64 `json:"burst" protobuf:"varint,2,opt,name=burst"`
}

// TLSConfiguration limits the protocol versions and ciphers of TLS.
type TLSConfiguration struct {
	// MinTLSVersion is the oldest version that is accepted: VersionTLS10, VersionTLS11 or VersionTLS12, all of which mean TLS 1.2.
	// VersionTLS13 is refused: set --tls-min-version=VersionTLS13 on virt-apiserver.
	// +optional
	MinTLSVersion TLSProtocolVersion `json:"minTLSVersion,omitempty" protobuf:"bytes,1,opt,name=minTLSVersion,casttype=TLSProtocolVersion"`
	// Ciphers are the cipher suites of TLS 1.2 that are accepted. Not used: set --tls-cipher-suites on virt-apiserver.
	// +optional
	// +listType=set
	Ciphers []string `json:"ciphers,omitempty" protobuf:"bytes,2,rep,name=ciphers"`
}

// TLSProtocolVersion is a version of TLS.
type TLSProtocolVersion string

const (
	VersionTLS10 TLSProtocolVersion = "VersionTLS10"
	VersionTLS11 TLSProtocolVersion = "VersionTLS11"
	VersionTLS12 TLSProtocolVersion = "VersionTLS12"
	VersionTLS13 TLSProtocolVersion = "VersionTLS13"
)

// SeccompConfiguration is the seccomp profile of launcher pods. Not used.
type SeccompConfiguration struct {
	// VirtualMachineInstanceProfile is the profile.
	// +optional
	VirtualMachineInstanceProfile *VirtualMachineInstanceProfile `json:"virtualMachineInstanceProfile,omitempty" protobuf:"bytes,1,opt,name=virtualMachineInstanceProfile"`
}

// VirtualMachineInstanceProfile is a seccomp profile.
type VirtualMachineInstanceProfile struct {
	// CustomProfile is a profile of the administrator's choice.
	// +optional
	CustomProfile *CustomProfile `json:"customProfile,omitempty" protobuf:"bytes,1,opt,name=customProfile"`
}

// CustomProfile is a seccomp profile of the administrator's choice.
type CustomProfile struct {
	// LocalhostProfile is a file on the node.
	// +optional
	LocalhostProfile *string `json:"localhostProfile,omitempty" protobuf:"bytes,1,opt,name=localhostProfile"`
	// RuntimeDefaultProfile is the container runtime's own, which launcher pods have.
	// +optional
	RuntimeDefaultProfile bool `json:"runtimeDefaultProfile,omitempty" protobuf:"varint,2,opt,name=runtimeDefaultProfile"`
}

// SupportContainerResources are the resources of a further container of launcher pods. Not used.
type SupportContainerResources struct {
	// Type names the container: hotplug-disk, container-disk, virtiofs, sidecar, vmexport or guest-console-log.
	Type SupportContainerType `json:"type" protobuf:"bytes,1,opt,name=type,casttype=SupportContainerType"`
	// Resources are its resources.
	Resources ResourceRequirementsWithoutClaims `json:"resources" protobuf:"bytes,2,opt,name=resources"`
}

// SupportContainerType names a further container of launcher pods.
type SupportContainerType string

// PersistentReservationConfiguration is about SCSI persistent reservations. Not used.
type PersistentReservationConfiguration struct {
	// Enabled runs what they need on the nodes.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,1,opt,name=enabled"`
}

// CommonInstancetypesDeployment installs a set of instance types. Not used.
type CommonInstancetypesDeployment struct {
	// Enabled installs them.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,1,opt,name=enabled"`
}

// VirtTemplateDeployment installs templates of virtual machines. Not used.
type VirtTemplateDeployment struct {
	// Enabled installs them.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,1,opt,name=enabled"`
}

// InstancetypeConfiguration tells how virtual machines refer to instance types. Not used.
type InstancetypeConfiguration struct {
	// ReferencePolicy is reference, expand or expandAll.
	// +optional
	ReferencePolicy *InstancetypeReferencePolicy `json:"referencePolicy,omitempty" protobuf:"bytes,1,opt,name=referencePolicy,casttype=InstancetypeReferencePolicy"`
}

// InstancetypeReferencePolicy tells how virtual machines refer to instance types.
type InstancetypeReferencePolicy string
