// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// forcedGraceSeconds is the grace period of a forced restart: the least that still lets QEMU close its disks.
const forcedGraceSeconds = 1

// restart restarts the virtual machine called name.
func (v verbs) restart(req *http.Request, name string) (http.Handler, error) {
	ctx, options := req.Context(), &v1.RestartOptions{}
	if err := subresource.Options(req, options, &options.DryRun); err != nil {
		return nil, err
	}
	force := options.GracePeriodSeconds != nil
	if force && *options.GracePeriodSeconds > 0 {
		return nil, apierrors.NewBadRequest("For force restart, only gracePeriod=0 is supported for now")
	}
	if force && *options.GracePeriodSeconds < 0 {
		return nil, apierrors.NewBadRequest("gracePeriod has to be greater or equal to 0")
	}
	writer, err := subresource.WriterOf(req, options.DryRun)
	if err != nil {
		return nil, err
	}
	vmi, err := v.instances.Instance(ctx, name)
	if err != nil {
		return nil, err
	}
	do := func(vm *v1.VirtualMachine) (effect, error) { return restart(vm, vmi) }
	if force && len(options.DryRun) == 0 {
		err = v.force(ctx, name, writer, vmi, do)
	} else {
		err = v.machines.apply(ctx, name, "restart", writer, do)
	}
	if err != nil {
		return nil, err
	}
	return subresource.Done(http.StatusAccepted), nil
}

// force makes a restart that gives the guest no time. The grace period is set first: once the restart
// is granted the controller may delete the instance at once.
func (v verbs) force(ctx context.Context, name string, writer subresource.Writer, vmi *v1.VirtualMachineInstance, do change) error {
	if err := v.machines.try(ctx, name, "restart", writer, do); err != nil {
		return err
	}
	if err := v.instances.SetGracePeriod(ctx, name, "restart", writer, forcedGraceSeconds); err != nil {
		return err
	}
	err := v.machines.apply(ctx, name, "restart", writer, do)
	if err == nil || vmi.Spec.TerminationGracePeriodSeconds == nil {
		return err
	}
	// A later, ordinary stop must leave the guest the time that its owner gave it.
	if undo := v.instances.SetGracePeriod(ctx, name, "restart", writer, *vmi.Spec.TerminationGracePeriodSeconds); undo != nil && !apierrors.IsNotFound(undo) {
		return errors.Join(err, fmt.Errorf("set grace period back to %d s: %w", *vmi.Spec.TerminationGracePeriodSeconds, undo))
	}
	return err
}

// restart is the table of what a restart does, by run strategy and instance.
func restart(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (effect, error) {
	if hasCondition(vm, v1.VirtualMachineConditionType(v1.VirtualMachineInstanceVolumesChange)) {
		return none, conflict(vm.Name, recoveryRequired)
	}
	switch strategy := vm.EffectiveRunStrategy(); {
	case strategy == v1.RunStrategyHalted, strategy == v1.RunStrategyOnce:
		// The misspelt word is what clients of the published API see and match.
		return none, conflict(vm.Name, fmt.Sprintf("RunStategy %s does not support manual restart requests", strategy))
	case vmi == nil:
		return none, conflict(vm.Name, "VM is not running: "+string(v1.RunStrategyHalted))
	}
	return request(vm,
		v1.VirtualMachineStateChangeRequest{Action: v1.StopRequest, UID: &vmi.UID},
		v1.VirtualMachineStateChangeRequest{Action: v1.StartRequest})
}
