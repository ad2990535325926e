// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"fmt"
	"net/http"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// start starts the virtual machine called name.
func (v verbs) start(req *http.Request, name string) (http.Handler, error) {
	ctx, options := req.Context(), &v1.StartOptions{}
	if err := subresource.Options(req, options, &options.DryRun); err != nil {
		return nil, err
	}
	writer, err := subresource.WriterOf(req, options.DryRun)
	if err != nil {
		return nil, err
	}
	vmi, err := v.instances.Instance(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := v.machines.apply(ctx, name, "start", writer, func(vm *v1.VirtualMachine) (effect, error) {
		return start(vm, vmi, options.Paused)
	}); err != nil {
		return nil, err
	}
	return subresource.Done(http.StatusAccepted), nil
}

// start is the table of what a start does, by run strategy and instance.
func start(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, paused bool) (effect, error) {
	if vmi != nil && !vmi.IsFinal() && vmi.Status.Phase != v1.Unset && vmi.Status.Phase != v1.Unknown {
		return none, conflict(vm.Name, "VM is already running")
	}
	if hasCondition(vm, v1.VirtualMachineManualRecoveryRequired) {
		return none, conflict(vm.Name, recoveryRequired)
	}
	strategy := vm.EffectiveRunStrategy()
	begin := v1.VirtualMachineStateChangeRequest{Action: v1.StartRequest}
	if paused {
		begin.Data = map[string]string{v1.StartRequestDataPaused: "true"}
	}
	switch strategy {
	case v1.RunStrategyHalted:
		if paused {
			return request(vm, begin)
		}
		return setRunning(vm, v1.RunStrategyAlways)
	case v1.RunStrategyManual, v1.RunStrategyRerunOnFailure:
		if vmi == nil || !vmi.IsFinal() {
			// Only an instance that has ended makes room for another: the guest of an Unknown one may well run.
			return request(vm, begin)
		}
		if strategy == v1.RunStrategyRerunOnFailure && vmi.Status.Phase == v1.Failed {
			return none, conflict(vm.Name, "RerunOnFailure does not support starting VM from failed state")
		}
		return request(vm, v1.VirtualMachineStateChangeRequest{Action: v1.StopRequest, UID: &vmi.UID}, begin)
	case v1.RunStrategyWaitAsReceiver:
		// It starts when the guest arrives from elsewhere; clients are told that all is well.
		return none, nil
	}
	return none, conflict(vm.Name, fmt.Sprintf("%s does not support manual start requests", strategy))
}
