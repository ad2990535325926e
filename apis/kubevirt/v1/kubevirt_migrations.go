// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import "k8s.io/apimachinery/pkg/api/resource"

// MigrationConfiguration is about live migration. Not used: there is none yet.
type MigrationConfiguration struct {
	// NodeDrainTaintKey is the key of the taint that empties a node.
	// +optional
	NodeDrainTaintKey *string `json:"nodeDrainTaintKey,omitempty" protobuf:"bytes,1,opt,name=nodeDrainTaintKey"`
	// ParallelOutboundMigrationsPerNode is the most migrations that leave one node at once.
	// +optional
	ParallelOutboundMigrationsPerNode *uint32 `json:"parallelOutboundMigrationsPerNode,omitempty" protobuf:"varint,2,opt,name=parallelOutboundMigrationsPerNode"`
	// ParallelMigrationsPerCluster is the most migrations at once.
	// +optional
	ParallelMigrationsPerCluster *uint32 `json:"parallelMigrationsPerCluster,omitempty" protobuf:"varint,3,opt,name=parallelMigrationsPerCluster"`
	// AllowAutoConverge lets a migration slow the guest down so that it ends.
	// +optional
	AllowAutoConverge *bool `json:"allowAutoConverge,omitempty" protobuf:"varint,4,opt,name=allowAutoConverge"`
	// BandwidthPerMigration is the most bytes per second of one migration; 0 for no limit.
	// +optional
	BandwidthPerMigration *resource.Quantity `json:"bandwidthPerMigration,omitempty" protobuf:"bytes,5,opt,name=bandwidthPerMigration"`
	// CompletionTimeoutPerGiB is how long a migration may take for each GiB, in seconds.
	// +optional
	CompletionTimeoutPerGiB *int64 `json:"completionTimeoutPerGiB,omitempty" protobuf:"varint,6,opt,name=completionTimeoutPerGiB"`
	// MaxDowntimeMs is how long the guest may stand still at the end, in milliseconds.
	// +optional
	MaxDowntimeMs *int64 `json:"maxDowntimeMs,omitempty" protobuf:"varint,7,opt,name=maxDowntimeMs"`
	// ProgressTimeout is how long a migration may transfer nothing, in seconds.
	// +optional
	ProgressTimeout *int64 `json:"progressTimeout,omitempty" protobuf:"varint,8,opt,name=progressTimeout"`
	// UtilityVolumesTimeout is how long a migration waits for utility volumes to be detached, in seconds.
	// +optional
	UtilityVolumesTimeout *int64 `json:"utilityVolumesTimeout,omitempty" protobuf:"varint,9,opt,name=utilityVolumesTimeout"`
	// UnsafeMigrationOverride migrates guests of which libvirt says that it is not safe.
	// +optional
	UnsafeMigrationOverride *bool `json:"unsafeMigrationOverride,omitempty" protobuf:"varint,10,opt,name=unsafeMigrationOverride"`
	// AllowPostCopy lets the guest run on the new node before all of its memory is there.
	// +optional
	AllowPostCopy *bool `json:"allowPostCopy,omitempty" protobuf:"varint,11,opt,name=allowPostCopy"`
	// AllowWorkloadDisruption pauses the guest, or goes over to post-copy, when a migration takes too long.
	// +optional
	AllowWorkloadDisruption *bool `json:"allowWorkloadDisruption,omitempty" protobuf:"varint,12,opt,name=allowWorkloadDisruption"`
	// DisableTLS sends guests' memory in the clear.
	// +optional
	DisableTLS *bool `json:"disableTLS,omitempty" protobuf:"varint,13,opt,name=disableTLS"`
	// Network is the secondary network of migrations.
	// +optional
	Network *string `json:"network,omitempty" protobuf:"bytes,14,opt,name=network"`
	// MatchSELinuxLevelOnMigration lets the new pod have another SELinux level than the old one.
	// +optional
	MatchSELinuxLevelOnMigration *bool `json:"matchSELinuxLevelOnMigration,omitempty" protobuf:"varint,15,opt,name=matchSELinuxLevelOnMigration"`
}

// LiveUpdateConfiguration limits what guests can be given while they run. Not used.
type LiveUpdateConfiguration struct {
	// MaxHotplugRatio is how many times its first size a guest can grow to.
	// +optional
	MaxHotplugRatio uint32 `json:"maxHotplugRatio,omitempty" protobuf:"varint,1,opt,name=maxHotplugRatio"`
	// MaxCpuSockets is the most CPU sockets that a guest can grow to.
	// +optional
	MaxCpuSockets *uint32 `json:"maxCpuSockets,omitempty" protobuf:"varint,2,opt,name=maxCpuSockets"`
	// MaxGuest is the most memory that a guest can grow to.
	// +optional
	MaxGuest *resource.Quantity `json:"maxGuest,omitempty" protobuf:"bytes,3,opt,name=maxGuest"`
}
