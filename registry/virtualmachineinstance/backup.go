// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func freezeOptions() options { return options{values: &v1.FreezeUnfreezeTimeout{}} }

func backupOptions() options { return options{values: &v1.BackupOptions{}} }

func checkpointOptions() options { return options{values: &v1.BackupCheckpoint{}} }

// tracksBlocks refuses when it is not known which blocks of the disks have changed.
func tracksBlocks(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	if tracking := vmi.Status.ChangedBlockTracking; tracking == nil || tracking.State != v1.ChangedBlockTrackingEnabled {
		return conflict(vmi.Name, "ChangedBlockTracking is not enabled")
	}
	return nil
}
