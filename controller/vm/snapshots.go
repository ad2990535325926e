// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"fmt"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// snapshotStatuses tells of each volume that no snapshot can hold it, in the words of the published API.
func snapshotStatuses(vm *v1.VirtualMachine) []v1.VolumeSnapshotStatus {
	if vm.Spec.Template == nil {
		return nil
	}
	var list []v1.VolumeSnapshotStatus
	for i := range vm.Spec.Template.Spec.Volumes {
		name := vm.Spec.Template.Spec.Volumes[i].Name
		list = append(list, v1.VolumeSnapshotStatus{Name: name,
			Reason: fmt.Sprintf("Snapshot is not supported for this volumeSource type [%s]", name)})
	}
	return list
}
