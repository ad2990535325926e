// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachine is a virtual machine that exists whether it runs or not. It owns the
// VirtualMachineInstance of the same name while it runs.
type VirtualMachine struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Spec is the wanted virtual machine and when it shall run.
	Spec VirtualMachineSpec `json:"spec" protobuf:"bytes,2,opt,name=spec"`
	// Status is what was last seen of the virtual machine; written by virtplane.
	// +optional
	Status VirtualMachineStatus `json:"status,omitempty" protobuf:"bytes,3,opt,name=status"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// VirtualMachineList is a list of VirtualMachines.
type VirtualMachineList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Items is the list of virtual machines.
	Items []VirtualMachine `json:"items" protobuf:"bytes,2,rep,name=items"`
}

// VirtualMachineSpec describes the wanted virtual machine.
type VirtualMachineSpec struct {
	// Running is the older form of runStrategy: true stands for Always, false for Halted. Deprecated: use runStrategy.
	// +optional
	Running *bool `json:"running,omitempty" protobuf:"varint,1,opt,name=running"`
	// RunStrategy tells when the virtual machine shall run: Always, Halted, Manual, RerunOnFailure, Once or WaitAsReceiver. Mutually exclusive with running.
	// +optional
	RunStrategy *VirtualMachineRunStrategy `json:"runStrategy,omitempty" protobuf:"bytes,2,opt,name=runStrategy,casttype=VirtualMachineRunStrategy"`
	// Template is the instance to run.
	Template *VirtualMachineInstanceTemplateSpec `json:"template" protobuf:"bytes,3,opt,name=template"`
	// Instancetype names an instance type, which sets CPU, memory and devices that the template then leaves out.
	// +optional
	Instancetype *InstancetypeMatcher `json:"instancetype,omitempty" protobuf:"bytes,4,opt,name=instancetype"`
	// Preference names a preference, which fills in what neither template nor instance type sets.
	// +optional
	Preference *PreferenceMatcher `json:"preference,omitempty" protobuf:"bytes,5,opt,name=preference"`
	// DataVolumeTemplates are DataVolumes that are made with the virtual machine and deleted with it.
	// +optional
	// +listType=atomic
	DataVolumeTemplates []DataVolumeTemplateSpec `json:"dataVolumeTemplates,omitempty" protobuf:"bytes,6,rep,name=dataVolumeTemplates"`
	// UpdateVolumesStrategy tells what a change of volumes does: Migration (copies the data while the guest runs) or Replacement (takes effect with the next start). Defaults to Replacement.
	// +optional
	UpdateVolumesStrategy *UpdateVolumesStrategy `json:"updateVolumesStrategy,omitempty" protobuf:"bytes,7,opt,name=updateVolumesStrategy,casttype=UpdateVolumesStrategy"`
}

// VirtualMachineRunStrategy tells when a virtual machine shall run.
type VirtualMachineRunStrategy string

const (
	// RunStrategyAlways keeps an instance running, and replaces one that ends.
	RunStrategyAlways VirtualMachineRunStrategy = "Always"
	// RunStrategyHalted keeps no instance.
	RunStrategyHalted VirtualMachineRunStrategy = "Halted"
	// RunStrategyManual leaves starting and stopping to the start and stop subresources.
	RunStrategyManual VirtualMachineRunStrategy = "Manual"
	// RunStrategyRerunOnFailure replaces an instance that failed, not one that shut down.
	RunStrategyRerunOnFailure VirtualMachineRunStrategy = "RerunOnFailure"
	// RunStrategyOnce runs one instance and never another.
	RunStrategyOnce VirtualMachineRunStrategy = "Once"
	// RunStrategyWaitAsReceiver keeps an instance that waits for a guest of another cluster.
	RunStrategyWaitAsReceiver VirtualMachineRunStrategy = "WaitAsReceiver"
)

// VirtualMachineInstanceTemplateSpec is the metadata and spec of the instance that a virtual machine runs.
type VirtualMachineInstanceTemplateSpec struct {
	// ObjectMeta holds the labels and annotations that the instance gets.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Spec is the instance's spec.
	// +optional
	Spec VirtualMachineInstanceSpec `json:"spec,omitempty" protobuf:"bytes,2,opt,name=spec"`
}
