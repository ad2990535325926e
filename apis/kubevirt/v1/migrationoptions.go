// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import "k8s.io/apimachinery/pkg/api/resource"

// VMIMConfigurationOptions are the settings of a move to another node.
type VMIMConfigurationOptions struct {
	// NodeDrainTaintKey is the taint that marks nodes which guests shall leave. Deprecated: drain the node instead.
	// +optional
	NodeDrainTaintKey *string `json:"nodeDrainTaintKey,omitempty" protobuf:"bytes,1,opt,name=nodeDrainTaintKey"`
	// ParallelOutboundMigrationsPerNode is how many guests leave a node at a time. Defaults to 2.
	// +optional
	ParallelOutboundMigrationsPerNode *uint32 `json:"parallelOutboundMigrationsPerNode,omitempty" protobuf:"varint,2,opt,name=parallelOutboundMigrationsPerNode"`
	// ParallelMigrationsPerCluster is how many guests move at a time. Defaults to 5.
	// +optional
	ParallelMigrationsPerCluster *uint32 `json:"parallelMigrationsPerCluster,omitempty" protobuf:"varint,3,opt,name=parallelMigrationsPerCluster"`
	// AllowAutoConverge slows a guest down that changes memory faster than it can be copied. Defaults to false.
	// +optional
	AllowAutoConverge *bool `json:"allowAutoConverge,omitempty" protobuf:"varint,4,opt,name=allowAutoConverge"`
	// BandwidthPerMigration limits each move, in bytes per second; 0 is no limit. Defaults to 0.
	// +optional
	BandwidthPerMigration *resource.Quantity `json:"bandwidthPerMigration,omitempty" protobuf:"bytes,5,opt,name=bandwidthPerMigration"`
	// CompletionTimeoutPerGiB is how long a move may take per GiB of memory and copied disks, in seconds. Defaults to 150.
	// +optional
	CompletionTimeoutPerGiB *int64 `json:"completionTimeoutPerGiB,omitempty" protobuf:"varint,6,opt,name=completionTimeoutPerGiB"`
	// MaxDowntimeMs is how long the guest may stand still at the end, in milliseconds, 1 to 2000000. Defaults to 900.
	// +optional
	MaxDowntimeMs *int64 `json:"maxDowntimeMs,omitempty" protobuf:"varint,7,opt,name=maxDowntimeMs"`
	// ProgressTimeout is how long a move may make no progress, in seconds. Defaults to 150.
	// +optional
	ProgressTimeout *int64 `json:"progressTimeout,omitempty" protobuf:"varint,8,opt,name=progressTimeout"`
	// UtilityVolumesTimeout is how long a move waits for utility volumes to be detached, in seconds. Defaults to 150.
	// +optional
	UtilityVolumesTimeout *int64 `json:"utilityVolumesTimeout,omitempty" protobuf:"varint,9,opt,name=utilityVolumesTimeout"`
	// UnsafeMigrationOverride has libvirt skip its own safety checks. Defaults to false.
	// +optional
	UnsafeMigrationOverride *bool `json:"unsafeMigrationOverride,omitempty" protobuf:"varint,10,opt,name=unsafeMigrationOverride"`
	// AllowPostCopy lets a guest run on the target before all its memory is there; it is lost when the network fails meanwhile. Defaults to false.
	// +optional
	AllowPostCopy *bool `json:"allowPostCopy,omitempty" protobuf:"varint,11,opt,name=allowPostCopy"`
	// AllowWorkloadDisruption lets a guest be paused, or postcopy be used, when a move does not end in time. Defaults to allowPostCopy.
	// +optional
	AllowWorkloadDisruption *bool `json:"allowWorkloadDisruption,omitempty" protobuf:"varint,12,opt,name=allowWorkloadDisruption"`
	// DisableTLS sends memory in the clear. Defaults to false.
	// +optional
	DisableTLS *bool `json:"disableTLS,omitempty" protobuf:"varint,13,opt,name=disableTLS"`
	// Network is the NetworkAttachmentDefinition that guests move over. Defaults to the pod network.
	// +optional
	Network *string `json:"network,omitempty" protobuf:"bytes,14,opt,name=network"`
	// MatchSELinuxLevelOnMigration gives the target launcher the SELinux level of the source. Defaults to true.
	// +optional
	MatchSELinuxLevelOnMigration *bool `json:"matchSELinuxLevelOnMigration,omitempty" protobuf:"varint,15,opt,name=matchSELinuxLevelOnMigration"`
	// ExperimentalMigrationOptions may change or go with any version.
	// +optional
	ExperimentalMigrationOptions *ExperimentalMigrationOptions `json:"experimental,omitempty" protobuf:"bytes,16,opt,name=experimental"`
}

// ExperimentalMigrationOptions are settings of a move that may change or go with any version.
type ExperimentalMigrationOptions struct {
	// StallDetector finds moves that will not end by themselves.
	// +optional
	StallDetector *StallDetectorOptions `json:"stallDetector,omitempty" protobuf:"bytes,1,opt,name=stallDetector"`
	// Compression of the memory that is sent: none or zstd. Defaults to none.
	// +optional
	Compression *MigrationCompression `json:"compression,omitempty" protobuf:"bytes,2,opt,name=compression,casttype=MigrationCompression"`
}

// MigrationCompression is how the memory that is sent is compressed.
type MigrationCompression string

const (
	// MigrationCompressionNone sends memory as it is.
	MigrationCompressionNone MigrationCompression = "none"
	// MigrationCompressionZstd compresses with zstd.
	MigrationCompressionZstd MigrationCompression = "zstd"
)

// StallDetectorOptions tune how moves that will not end are found.
type StallDetectorOptions struct {
	// StallMargin is by how much the remaining data must shrink to count as progress, in percent, 0 to 100.
	// +optional
	StallMargin *int64 `json:"stallMargin,omitempty" protobuf:"varint,1,opt,name=stallMargin"`
	// EwmaAlpha is the weight of the newest measurement in the moving average, a decimal from 0 to 1.
	// +optional
	EwmaAlpha *string `json:"ewmaAlpha,omitempty" protobuf:"bytes,2,opt,name=ewmaAlpha"`
	// StallProgressTimeout is how long there may be no progress, in seconds.
	// +optional
	StallProgressTimeout *int64 `json:"stallProgressTimeout,omitempty" protobuf:"varint,3,opt,name=stallProgressTimeout"`
	// SwitchoverTimeout is how long the last step may take, in seconds.
	// +optional
	SwitchoverTimeout *int64 `json:"switchoverTimeout,omitempty" protobuf:"varint,4,opt,name=switchoverTimeout"`
	// PrecopyPossibleFactor is how far above the allowed downtime an estimate may lie for copying to go on, a decimal.
	// +optional
	PrecopyPossibleFactor *string `json:"precopyPossibleFactor,omitempty" protobuf:"bytes,5,opt,name=precopyPossibleFactor"`
	// PatienceWindowDecayFactor shortens the time that is waited for progress with each stall, a decimal.
	// +optional
	PatienceWindowDecayFactor *string `json:"patienceWindowDecayFactor,omitempty" protobuf:"bytes,6,opt,name=patienceWindowDecayFactor"`
	// SearchLocalMinima waits for a moment with little data left before the last step.
	// +optional
	SearchLocalMinima *bool `json:"searchLocalMinima,omitempty" protobuf:"varint,7,opt,name=searchLocalMinima"`
	// CompletionTimeoutFactor stretches the completion timeout, a decimal.
	// +optional
	CompletionTimeoutFactor *string `json:"completionTimeoutFactor,omitempty" protobuf:"bytes,8,opt,name=completionTimeoutFactor"`
}
