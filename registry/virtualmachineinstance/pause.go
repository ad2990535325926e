// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// pauseWithProbe is a text of the published API.
const pauseWithProbe = "Pausing VMIs with a non-GuestAgentPing LivenessProbe is not supported"

func pauseOptions() options {
	o := &v1.PauseOptions{}
	return options{values: o, dryRun: &o.DryRun}
}

func unpauseOptions() options {
	o := &v1.UnpauseOptions{}
	return options{values: o, dryRun: &o.DryRun}
}

// unprobed refuses to stop a guest whose probe would take it for dead.
func unprobed(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	if probe := vmi.Spec.LivenessProbe; probe != nil && probe.GuestAgentPing == nil {
		return apierrors.NewForbidden(frame.Instance.Resource(), vmi.Name, fmt.Errorf("%s", pauseWithProbe))
	}
	return nil
}

// notInSnapshot refuses to let a guest go on whose disks are being copied.
func (i *Instances) notInSnapshot(ctx context.Context, vmi *v1.VirtualMachineInstance) error {
	vm, err := i.around.Machine(ctx, vmi.Name)
	if err != nil || vm == nil || vm.Status.SnapshotInProgress == nil {
		return err
	}
	return frame.Machine.Conflict(vm.Name, "VM snapshot is in progress")
}
