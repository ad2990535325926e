// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"testing"
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestEachVolumeIsToldNotToBeInSnapshots(t *testing.T) {
	vm := &v1.VirtualMachine{}
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{Spec: *template()}
	status, _ := Next(State{VM: vm, Now: time.Now()})
	if got := status.VolumeSnapshotStatuses; len(got) != 1 || got[0].Name != "root" || got[0].Enabled ||
		got[0].Reason != "Snapshot is not supported for this volumeSource type [root]" {
		t.Errorf("got %+v", got)
	}
}
