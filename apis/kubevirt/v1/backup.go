// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ChangedBlockTrackingStatus is the state of recording changed blocks.
type ChangedBlockTrackingStatus struct {
	// State is PendingRestart, Initializing, Enabled, Disabled, IncrementalBackupFeatureGateDisabled or empty.
	State ChangedBlockTrackingState `json:"state" protobuf:"bytes,1,opt,name=state,casttype=ChangedBlockTrackingState"`
	// BackupStatus is the last or current backup.
	// +optional
	// +nullable
	BackupStatus *VirtualMachineInstanceBackupStatus `json:"backupStatus,omitempty" protobuf:"bytes,2,opt,name=backupStatus"`
}

// ChangedBlockTrackingState tells whether changed blocks are recorded.
type ChangedBlockTrackingState string

const (
	// ChangedBlockTrackingPendingRestart begins with the next start.
	ChangedBlockTrackingPendingRestart ChangedBlockTrackingState = "PendingRestart"
	// ChangedBlockTrackingInitializing prepares the records.
	ChangedBlockTrackingInitializing ChangedBlockTrackingState = "Initializing"
	// ChangedBlockTrackingEnabled records changed blocks.
	ChangedBlockTrackingEnabled ChangedBlockTrackingState = "Enabled"
	// ChangedBlockTrackingDisabled does not record.
	ChangedBlockTrackingDisabled ChangedBlockTrackingState = "Disabled"
	// ChangedBlockTrackingFGDisabled does not record, since the feature gate IncrementalBackup is off.
	ChangedBlockTrackingFGDisabled ChangedBlockTrackingState = "IncrementalBackupFeatureGateDisabled"
)

// VirtualMachineInstanceBackupStatus is a backup of a guest's disks.
type VirtualMachineInstanceBackupStatus struct {
	// BackupName is the backup.
	// +optional
	BackupName string `json:"backupName,omitempty" protobuf:"bytes,1,opt,name=backupName"`
	// StartTimestamp is when it began.
	// +optional
	StartTimestamp *metav1.Time `json:"startTimestamp,omitempty" protobuf:"bytes,2,opt,name=startTimestamp"`
	// EndTimestamp is when it ended.
	// +optional
	EndTimestamp *metav1.Time `json:"endTimestamp,omitempty" protobuf:"bytes,3,opt,name=endTimestamp"`
	// Completed tells that it has ended.
	// +optional
	Completed bool `json:"completed,omitempty" protobuf:"varint,4,opt,name=completed"`
	// Failed tells that it ended without a usable result.
	// +optional
	Failed bool `json:"failed,omitempty" protobuf:"varint,5,opt,name=failed"`
	// BackupMsg is a sentence for people.
	// +optional
	BackupMsg *string `json:"backupMsg,omitempty" protobuf:"bytes,6,opt,name=backupMsg"`
	// CheckpointName is the checkpoint that the next incremental backup can build upon.
	// +optional
	CheckpointName *string `json:"checkpointName,omitempty" protobuf:"bytes,7,opt,name=checkpointName"`
	// Volumes are the disks in the backup.
	// +optional
	// +listType=atomic
	Volumes []BackupVolumeInfo `json:"volumes,omitempty" protobuf:"bytes,8,rep,name=volumes"`
	// QuiesceStatus tells whether the guest's file systems were frozen: Succeeded, Failed or Skipped.
	// +optional
	QuiesceStatus string `json:"quiesceStatus,omitempty" protobuf:"bytes,9,opt,name=quiesceStatus"`
}

// BackupVolumeInfo is a disk in a backup.
type BackupVolumeInfo struct {
	// VolumeName is the volume in the spec.
	VolumeName string `json:"volumeName" protobuf:"bytes,1,opt,name=volumeName"`
	// DiskTarget is the device name in the guest's domain, such as vda.
	DiskTarget string `json:"diskTarget" protobuf:"bytes,2,opt,name=diskTarget"`
	// DataEndpoint is the URL of the disk's data in a pull backup.
	// +optional
	DataEndpoint string `json:"dataEndpoint,omitempty" protobuf:"bytes,3,opt,name=dataEndpoint"`
	// MapEndpoint is the URL of the map of changed blocks in a pull backup.
	// +optional
	MapEndpoint string `json:"mapEndpoint,omitempty" protobuf:"bytes,4,opt,name=mapEndpoint"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// BackupOptions is the body of the backup subresource.
type BackupOptions struct {
	metav1.TypeMeta `json:",inline"`
	// BackupName is the backup.
	// +optional
	BackupName string `json:"backupName,omitempty" protobuf:"bytes,1,opt,name=backupName"`
	// Cmd is Start, Abort or Export.
	// +optional
	Cmd BackupCmd `json:"cmd,omitempty" protobuf:"bytes,2,opt,name=cmd,casttype=BackupCmd"`
	// Mode is Push (to a claim) or Pull (by a client).
	// +optional
	Mode BackupMode `json:"mode,omitempty" protobuf:"bytes,3,opt,name=mode,casttype=BackupMode"`
	// BackupStartTime is when the backup was asked for.
	// +optional
	BackupStartTime *metav1.Time `json:"backupStartTime,omitempty" protobuf:"bytes,4,opt,name=backupStartTime"`
	// Incremental is the checkpoint to build upon; a full backup without.
	// +optional
	Incremental *string `json:"incremental,omitempty" protobuf:"bytes,5,opt,name=incremental"`
	// TargetPath is the directory that a push backup is written to.
	// +optional
	TargetPath *string `json:"targetPath,omitempty" protobuf:"bytes,6,opt,name=targetPath"`
	// SkipQuiesce leaves the guest's file systems as they are. Defaults to false, which freezes them.
	// +optional
	SkipQuiesce bool `json:"skipQuiesce,omitempty" protobuf:"varint,7,opt,name=skipQuiesce"`
	// ExportServerAddr is where a pull backup is served.
	// +optional
	ExportServerAddr *string `json:"exportServerAddr,omitempty" protobuf:"bytes,8,opt,name=exportServerAddr"`
	// ExportServerName is the name in the certificate of that server.
	// +optional
	ExportServerName *string `json:"exportServerName,omitempty" protobuf:"bytes,9,opt,name=exportServerName"`
	// BackupKey is the private key of the connection, in PEM.
	// +optional
	BackupKey *string `json:"backupKey,omitempty" protobuf:"bytes,10,opt,name=backupKey"`
	// BackupCert is the certificate of the connection, in PEM.
	// +optional
	BackupCert *string `json:"backupCert,omitempty" protobuf:"bytes,11,opt,name=backupCert"`
	// CACert is the authority that the other side's certificate is checked against, in PEM.
	// +optional
	CACert *string `json:"caCert,omitempty" protobuf:"bytes,12,opt,name=caCert"`
}

// BackupCmd is what the backup subresource does.
type BackupCmd string

const (
	// BackupStart begins a backup.
	BackupStart BackupCmd = "Start"
	// BackupAbort gives a backup up.
	BackupAbort BackupCmd = "Abort"
	// BackupExport serves a backup to a client.
	BackupExport BackupCmd = "Export"
)

// BackupMode tells who moves the data of a backup.
type BackupMode string

const (
	// BackupPush writes it to a claim.
	BackupPush BackupMode = "Push"
	// BackupPull has a client read it.
	BackupPull BackupMode = "Pull"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// BackupCheckpoint is the body of the redefine-checkpoint subresource.
type BackupCheckpoint struct {
	metav1.TypeMeta `json:",inline"`
	// Name of the checkpoint.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
	// CreationTime of the checkpoint.
	// +optional
	CreationTime *metav1.Time `json:"creationTime,omitempty" protobuf:"bytes,2,opt,name=creationTime"`
	// Volumes that the checkpoint covers.
	// +optional
	// +listType=atomic
	Volumes []BackupVolumeInfo `json:"volumes,omitempty" protobuf:"bytes,3,rep,name=volumes"`
}
