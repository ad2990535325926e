// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// Features are switches of the machine.
type Features struct {
	// ACPI lets the guest be shut down and its devices be found by ACPI. Defaults to on.
	// +optional
	ACPI FeatureState `json:"acpi,omitempty" protobuf:"bytes,1,opt,name=acpi"`
	// APIC is the advanced interrupt controller. Defaults to on.
	// +optional
	APIC *FeatureAPIC `json:"apic,omitempty" protobuf:"bytes,2,opt,name=apic"`
	// HypervPassthrough gives the guest every Hyper-V feature of the node; excludes hyperv.
	// +optional
	HypervPassthrough *HyperVPassthrough `json:"hypervPassthrough,omitempty" protobuf:"bytes,3,opt,name=hypervPassthrough"`
	// Hyperv holds features of Hyper-V for Windows guests. Default to off.
	// +optional
	Hyperv *FeatureHyperv `json:"hyperv,omitempty" protobuf:"bytes,4,opt,name=hyperv"`
	// SMM is system management mode, which secure boot needs. Defaults to off.
	// +optional
	SMM *FeatureState `json:"smm,omitempty" protobuf:"bytes,5,opt,name=smm"`
	// KVM is what the guest sees of KVM.
	// +optional
	KVM *FeatureKVM `json:"kvm,omitempty" protobuf:"bytes,6,opt,name=kvm"`
	// Pvspinlock lets a CPU of a Linux guest that waits for a lock give way to others. Defaults to what the node's kernel does.
	// +optional
	Pvspinlock *FeatureState `json:"pvspinlock,omitempty" protobuf:"bytes,7,opt,name=pvspinlock"`
}

// FeatureState switches a feature.
type FeatureState struct {
	// Enabled defaults to true.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,1,opt,name=enabled"`
}

// FeatureAPIC switches the advanced interrupt controller.
type FeatureAPIC struct {
	// FeatureState switches the controller; most guests with more than one CPU need it.
	FeatureState `json:",inline" protobuf:"bytes,1,opt,name=featureState"`
	// EndOfInterrupt lets the guest acknowledge interrupts without leaving it. Defaults to false.
	// +optional
	EndOfInterrupt bool `json:"endOfInterrupt,omitempty" protobuf:"varint,2,opt,name=endOfInterrupt"`
}

// FeatureKVM holds what the guest sees of KVM.
type FeatureKVM struct {
	// Hidden keeps the signature of KVM from the guest, for drivers that refuse to run in a virtual machine. Defaults to false.
	// +optional
	Hidden bool `json:"hidden,omitempty" protobuf:"varint,1,opt,name=hidden"`
}

// HyperVPassthrough gives the guest every Hyper-V feature that the node supports.
type HyperVPassthrough struct {
	// Enabled switches it. Defaults to true where hypervPassthrough is present. Excludes hyperv; such a guest cannot move to another node.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,1,opt,name=enabled"`
}

// FeatureHyperv holds the features of Hyper-V that Windows guests make use of. A feature that is left out is off.
type FeatureHyperv struct {
	// Relaxed keeps the guest's watchdog from firing when the node is busy.
	// +optional
	Relaxed *FeatureState `json:"relaxed,omitempty" protobuf:"bytes,1,opt,name=relaxed"`
	// VAPIC speeds up interrupts by a paravirtual interrupt controller.
	// +optional
	VAPIC *FeatureState `json:"vapic,omitempty" protobuf:"bytes,2,opt,name=vapic"`
	// Spinlocks lets a CPU of the guest that waits for a lock give way to others.
	// +optional
	Spinlocks *FeatureSpinlocks `json:"spinlocks,omitempty" protobuf:"bytes,3,opt,name=spinlocks"`
	// VPIndex tells each CPU of the guest its number; synic, ipi and tlbflush need it.
	// +optional
	VPIndex *FeatureState `json:"vpindex,omitempty" protobuf:"bytes,4,opt,name=vpindex"`
	// Runtime counts the time that each CPU of the guest ran.
	// +optional
	Runtime *FeatureState `json:"runtime,omitempty" protobuf:"bytes,5,opt,name=runtime"`
	// SyNIC is the synthetic interrupt controller; synictimer needs it.
	// +optional
	SyNIC *FeatureState `json:"synic,omitempty" protobuf:"bytes,6,opt,name=synic"`
	// SyNICTimer gives each CPU synthetic timers; needs vpindex and synic.
	// +optional
	SyNICTimer *SyNICTimer `json:"synictimer,omitempty" protobuf:"bytes,7,opt,name=synictimer"`
	// ResetFeature lets the guest restart itself by a hypercall.
	// +optional
	ResetFeature *FeatureState `json:"reset,omitempty" protobuf:"bytes,8,opt,name=reset"`
	// VendorID sets the vendor that the guest reads from its CPUs.
	// +optional
	VendorID *FeatureVendorID `json:"vendorid,omitempty" protobuf:"bytes,9,opt,name=vendorid"`
	// Frequencies tells the guest the rates of its time stamp counter and interrupt controller.
	// +optional
	Frequencies *FeatureState `json:"frequencies,omitempty" protobuf:"bytes,10,opt,name=frequencies"`
	// Reenlightenment tells the guest when a migration changed the rate of its time stamp counter.
	// +optional
	Reenlightenment *FeatureState `json:"reenlightenment,omitempty" protobuf:"bytes,11,opt,name=reenlightenment"`
	// TLBFlush flushes address translations of other CPUs by a hypercall; needs vpindex.
	// +optional
	TLBFlush *TLBFlush `json:"tlbflush,omitempty" protobuf:"bytes,12,opt,name=tlbflush"`
	// IPI sends interrupts between CPUs by a hypercall; needs vpindex.
	// +optional
	IPI *FeatureState `json:"ipi,omitempty" protobuf:"bytes,13,opt,name=ipi"`
	// EVMCS speeds up nested virtualization on Intel nodes; needs vapic, and the CPU feature vmx.
	// +optional
	EVMCS *FeatureState `json:"evmcs,omitempty" protobuf:"bytes,14,opt,name=evmcs"`
}

// FeatureSpinlocks switches giving way on busy locks.
type FeatureSpinlocks struct {
	// FeatureState switches the feature.
	FeatureState `json:",inline" protobuf:"bytes,1,opt,name=featureState"`
	// Retries is how often the guest tries a lock before it gives way, at least 4095. Defaults to 8191.
	// +optional
	Retries *uint32 `json:"spinlocks,omitempty" protobuf:"varint,2,opt,name=spinlocks"`
}

// FeatureVendorID sets the vendor that a guest reads from its CPUs.
type FeatureVendorID struct {
	// FeatureState switches the feature.
	FeatureState `json:",inline" protobuf:"bytes,1,opt,name=featureState"`
	// VendorID is the vendor, at most 12 characters.
	// +optional
	VendorID string `json:"vendorid,omitempty" protobuf:"bytes,2,opt,name=vendorid"`
}

// SyNICTimer switches synthetic timers.
type SyNICTimer struct {
	// FeatureState switches the feature.
	FeatureState `json:",inline" protobuf:"bytes,1,opt,name=featureState"`
	// Direct has the timers expire as ordinary interrupts, without a message. Defaults to off.
	// +optional
	Direct *FeatureState `json:"direct,omitempty" protobuf:"bytes,2,opt,name=direct"`
}

// TLBFlush switches flushing address translations by a hypercall.
type TLBFlush struct {
	// FeatureState switches the feature.
	FeatureState `json:",inline" protobuf:"bytes,1,opt,name=featureState"`
	// Direct lets a nested guest use it, too. Defaults to off.
	// +optional
	Direct *FeatureState `json:"direct,omitempty" protobuf:"bytes,2,opt,name=direct"`
	// Extended lets the guest flush ranges of addresses rather than all. Defaults to off.
	// +optional
	Extended *FeatureState `json:"extended,omitempty" protobuf:"bytes,3,opt,name=extended"`
}
