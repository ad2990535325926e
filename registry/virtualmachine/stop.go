// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// stop stops the virtual machine called name.
func (v verbs) stop(req *http.Request, name string) (http.Handler, error) {
	ctx, options := req.Context(), &v1.StopOptions{}
	if err := subresource.Options(req, options, &options.DryRun); err != nil {
		return nil, err
	}
	if g := options.GracePeriod; g != nil && *g < 0 {
		return nil, apierrors.NewBadRequest("gracePeriod must not be negative")
	}
	writer, err := subresource.WriterOf(req, options.DryRun)
	if err != nil {
		return nil, err
	}
	vmi, err := v.instances.Instance(ctx, name)
	if err != nil {
		return nil, err
	}
	do := func(vm *v1.VirtualMachine) (effect, error) { return stop(vm, vmi, options.GracePeriod) }
	if err := v.machines.try(ctx, name, "stop", writer, do); err != nil {
		return nil, err
	}
	// The grace period is set first: once the stop is granted the controller may delete the instance at once.
	if options.GracePeriod != nil && exists(vmi) && len(options.DryRun) == 0 {
		if err := v.instances.SetGracePeriod(ctx, name, "stop", writer, *options.GracePeriod); err != nil {
			return nil, err
		}
	}
	if err := v.machines.apply(ctx, name, "stop", writer, do); err != nil {
		return nil, err
	}
	return subresource.Done(http.StatusAccepted), nil
}

// stop is the table of what a stop does, by run strategy and instance.
func stop(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, grace *int64) (effect, error) {
	switch vm.EffectiveRunStrategy() {
	case v1.RunStrategyHalted:
		if !exists(vmi) {
			return none, conflict(vm.Name, "VM is not running")
		}
		current := vmi.Spec.TerminationGracePeriodSeconds
		if grace == nil || (current != nil && *grace >= *current) {
			return none, conflict(vm.Name, "Halted only supports manual stop requests with a shorter graceperiod")
		}
		return none, nil
	case v1.RunStrategyManual, v1.RunStrategyRerunOnFailure:
		if !exists(vmi) {
			return none, conflict(vm.Name, "VM is not running")
		}
		vm.Status.StateChangeRequests = nil // a stop replaces older requests
		return request(vm, v1.VirtualMachineStateChangeRequest{Action: v1.StopRequest, UID: &vmi.UID})
	case v1.RunStrategyWaitAsReceiver:
		// There is nothing to stop before the guest has arrived; clients are told that all is well.
		return none, nil
	}
	return setRunning(vm, v1.RunStrategyHalted)
}
