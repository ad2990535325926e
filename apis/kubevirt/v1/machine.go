// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// IOThreadsPolicy spreads disks over I/O threads.
type IOThreadsPolicy string

const (
	// IOThreadsPolicyShared has one thread for all disks without a dedicated one.
	IOThreadsPolicyShared IOThreadsPolicy = "shared"
	// IOThreadsPolicyAuto has up to two threads per CPU of the guest, shared by disks without a dedicated one.
	IOThreadsPolicyAuto IOThreadsPolicy = "auto"
	// IOThreadsPolicySupplementalPool has a pool of threads that serve all virtio disks.
	IOThreadsPolicySupplementalPool IOThreadsPolicy = "supplementalPool"
)

// DiskIOThreads sizes a pool of I/O threads.
type DiskIOThreads struct {
	// SupplementalPoolThreadCount is the number of threads in the pool.
	// +optional
	SupplementalPoolThreadCount *uint32 `json:"supplementalPoolThreadCount,omitempty" protobuf:"varint,1,opt,name=supplementalPoolThreadCount"`
}

// Chassis is what a guest reads of its case from its SMBIOS tables.
type Chassis struct {
	// Manufacturer of the case.
	// +optional
	Manufacturer string `json:"manufacturer,omitempty" protobuf:"bytes,1,opt,name=manufacturer"`
	// Version of the case.
	// +optional
	Version string `json:"version,omitempty" protobuf:"bytes,2,opt,name=version"`
	// Serial number of the case.
	// +optional
	Serial string `json:"serial,omitempty" protobuf:"bytes,3,opt,name=serial"`
	// Asset is the owner's inventory number.
	// +optional
	Asset string `json:"asset,omitempty" protobuf:"bytes,4,opt,name=asset"`
	// Sku is the manufacturer's order number.
	// +optional
	Sku string `json:"sku,omitempty" protobuf:"bytes,5,opt,name=sku"`
}

// RebootPolicy tells what a reboot by the guest does.
type RebootPolicy string

const (
	// RebootPolicyReboot resets the guest within the same instance.
	RebootPolicyReboot RebootPolicy = "Reboot"
	// RebootPolicyTerminate ends the instance, so that the next one gets what changed in the template.
	RebootPolicyTerminate RebootPolicy = "Terminate"
)
