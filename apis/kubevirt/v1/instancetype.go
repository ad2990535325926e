// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// UpdateVolumesStrategy tells what a change of a running virtual machine's volumes does.
type UpdateVolumesStrategy string

const (
	// UpdateVolumesStrategyMigration copies the data to the new volumes while the guest runs.
	UpdateVolumesStrategyMigration UpdateVolumesStrategy = "Migration"
	// UpdateVolumesStrategyReplacement uses the new volumes from the next start on.
	UpdateVolumesStrategyReplacement UpdateVolumesStrategy = "Replacement"
)

// InstancetypeMatcher names an instance type.
type InstancetypeMatcher struct {
	// Name of the instance type.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
	// Kind is VirtualMachineInstancetype or VirtualMachineClusterInstancetype. Defaults to VirtualMachineClusterInstancetype.
	// +optional
	Kind string `json:"kind,omitempty" protobuf:"bytes,2,opt,name=kind"`
	// RevisionName is the ControllerRevision with the instance type as it was when first used.
	// +optional
	RevisionName string `json:"revisionName,omitempty" protobuf:"bytes,3,opt,name=revisionName"`
	// InferFromVolume names a volume whose labels name the instance type.
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty" protobuf:"bytes,4,opt,name=inferFromVolume"`
	// InferFromVolumeFailurePolicy tells what happens when the volume names none: Reject or Ignore. Defaults to Reject.
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty" protobuf:"bytes,5,opt,name=inferFromVolumeFailurePolicy,casttype=InferFromVolumeFailurePolicy"`
}

// PreferenceMatcher names a preference.
type PreferenceMatcher struct {
	// Name of the preference.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
	// Kind is VirtualMachinePreference or VirtualMachineClusterPreference. Defaults to VirtualMachineClusterPreference.
	// +optional
	Kind string `json:"kind,omitempty" protobuf:"bytes,2,opt,name=kind"`
	// RevisionName is the ControllerRevision with the preference as it was when first used.
	// +optional
	RevisionName string `json:"revisionName,omitempty" protobuf:"bytes,3,opt,name=revisionName"`
	// InferFromVolume names a volume whose labels name the preference.
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty" protobuf:"bytes,4,opt,name=inferFromVolume"`
	// InferFromVolumeFailurePolicy tells what happens when the volume names none: Reject or Ignore. Defaults to Reject.
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty" protobuf:"bytes,5,opt,name=inferFromVolumeFailurePolicy,casttype=InferFromVolumeFailurePolicy"`
}

// InferFromVolumeFailurePolicy tells what happens when a volume names neither instance type nor preference.
type InferFromVolumeFailurePolicy string

const (
	// RejectInferFromVolumeFailure refuses the virtual machine.
	RejectInferFromVolumeFailure InferFromVolumeFailurePolicy = "Reject"
	// IgnoreInferFromVolumeFailure goes on without.
	IgnoreInferFromVolumeFailure InferFromVolumeFailurePolicy = "Ignore"
)

// InstancetypeStatusRef is the instance type or preference that a virtual machine uses.
type InstancetypeStatusRef struct {
	// Name of the object.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
	// Kind of the object.
	// +optional
	Kind string `json:"kind,omitempty" protobuf:"bytes,2,opt,name=kind"`
	// ControllerRevisionRef is the object as it was when first used.
	// +optional
	ControllerRevisionRef *ControllerRevisionRef `json:"controllerRevisionRef,omitempty" protobuf:"bytes,3,opt,name=controllerRevisionRef"`
	// InferFromVolume is the volume whose labels named the object.
	// +optional
	InferFromVolume string `json:"inferFromVolume,omitempty" protobuf:"bytes,4,opt,name=inferFromVolume"`
	// InferFromVolumeFailurePolicy is the policy that was followed.
	// +optional
	InferFromVolumeFailurePolicy *InferFromVolumeFailurePolicy `json:"inferFromVolumeFailurePolicy,omitempty" protobuf:"bytes,5,opt,name=inferFromVolumeFailurePolicy,casttype=InferFromVolumeFailurePolicy"`
}

// ControllerRevisionRef names a ControllerRevision.
type ControllerRevisionRef struct {
	// Name of the ControllerRevision in the virtual machine's namespace.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
}

// VirtualMachineVolumeRequest is a volume that shall be plugged in or out; one field is set.
type VirtualMachineVolumeRequest struct {
	// AddVolumeOptions is a volume to plug in.
	// +optional
	AddVolumeOptions *AddVolumeOptions `json:"addVolumeOptions,omitempty" protobuf:"bytes,1,opt,name=addVolumeOptions"`
	// RemoveVolumeOptions is a volume to plug out.
	// +optional
	RemoveVolumeOptions *RemoveVolumeOptions `json:"removeVolumeOptions,omitempty" protobuf:"bytes,2,opt,name=removeVolumeOptions"`
}

// VolumeSnapshotStatus tells whether a volume can be part of a snapshot.
type VolumeSnapshotStatus struct {
	// Name of the volume.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Enabled tells that it can.
	Enabled bool `json:"enabled" protobuf:"varint,2,opt,name=enabled"`
	// Reason is a sentence for people on why it cannot.
	// +optional
	Reason string `json:"reason,omitempty" protobuf:"bytes,3,opt,name=reason"`
}

// VolumeUpdateState is how far a change of volumes is.
type VolumeUpdateState struct {
	// VolumeMigrationState is the copy of volumes that is under way.
	// +optional
	VolumeMigrationState *VolumeMigrationState `json:"volumeMigrationState,omitempty" protobuf:"bytes,1,opt,name=volumeMigrationState"`
}

// VolumeMigrationState is a copy of volumes to others.
type VolumeMigrationState struct {
	// MigratedVolumes are the volumes that are copied.
	// +optional
	// +listType=atomic
	MigratedVolumes []StorageMigratedVolumeInfo `json:"migratedVolumes,omitempty" protobuf:"bytes,1,rep,name=migratedVolumes"`
}
