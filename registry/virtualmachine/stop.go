// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// StopREST serves virtualmachines/stop.
type StopREST struct {
	machines  machineStore
	instances InstanceStore
}

var _ rest.Connecter = &StopREST{}

// New returns the body of the request.
func (*StopREST) New() runtime.Object { return &v1.StopOptions{} }

// Destroy does nothing: the main storage owns the store.
func (*StopREST) Destroy() {}

// ConnectMethods returns PUT.
func (*StopREST) ConnectMethods() []string { return []string{http.MethodPut} }

// NewConnectOptions returns nothing: the options come in the body.
func (*StopREST) NewConnectOptions() (runtime.Object, bool, string) { return nil, false, "" }

// Connect stops the virtual machine called name.
func (r *StopREST) Connect(ctx context.Context, name string, _ runtime.Object, responder rest.Responder) (http.Handler, error) {
	return subresource.Verb(responder, http.StatusAccepted, func(req *http.Request) error {
		options := &v1.StopOptions{}
		if err := subresource.Options(req, options, &options.DryRun); err != nil {
			return err
		}
		if g := options.GracePeriod; g != nil && *g < 0 {
			return apierrors.NewBadRequest("gracePeriod must not be negative")
		}
		vmi, err := r.instances.Instance(ctx, name)
		if err != nil {
			return err
		}
		do := func(vm *v1.VirtualMachine) (part, error) { return stop(vm, vmi, options.GracePeriod) }
		if err := r.check(ctx, name, do); err != nil {
			return err
		}
		// The grace period is set first: once the stop is granted the controller may delete the instance at once.
		if options.GracePeriod != nil && exists(vmi) && len(options.DryRun) == 0 {
			if err := r.instances.SetGracePeriod(ctx, name, *options.GracePeriod); err != nil {
				return err
			}
		}
		return r.machines.apply(ctx, name, options.DryRun, do)
	}), nil
}

// check tells whether a stop will be granted, without doing it.
func (r *StopREST) check(ctx context.Context, name string, do change) error {
	return r.machines.apply(ctx, name, []string{"All"}, do)
}

// stop is the table of what a stop does, by run strategy and instance.
func stop(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, grace *int64) (part, error) {
	switch vm.EffectiveRunStrategy() {
	case v1.RunStrategyHalted:
		if !exists(vmi) {
			return nothing, conflict(vm.Name, "VM is not running")
		}
		current := vmi.Spec.TerminationGracePeriodSeconds
		if grace == nil || (current != nil && *grace >= *current) {
			return nothing, conflict(vm.Name, "Halted only supports manual stop requests with a shorter graceperiod")
		}
		return nothing, nil
	case v1.RunStrategyManual, v1.RunStrategyRerunOnFailure:
		if !exists(vmi) {
			return nothing, conflict(vm.Name, "VM is not running")
		}
		vm.Status.StateChangeRequests = nil // a stop replaces older requests
		return request(vm, v1.VirtualMachineStateChangeRequest{Action: v1.StopRequest, UID: &vmi.UID})
	}
	return setRunning(vm, v1.RunStrategyHalted)
}
