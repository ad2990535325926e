// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// forcedGraceSeconds is the grace period of a forced restart: the least that still lets QEMU close its disks.
const forcedGraceSeconds = 1

// RestartREST serves virtualmachines/restart.
type RestartREST struct {
	machines  machineStore
	instances InstanceStore
}

var _ rest.Connecter = &RestartREST{}

// New returns the body of the request.
func (*RestartREST) New() runtime.Object { return &v1.RestartOptions{} }

// Destroy does nothing: the main storage owns the store.
func (*RestartREST) Destroy() {}

// ConnectMethods returns PUT.
func (*RestartREST) ConnectMethods() []string { return []string{http.MethodPut} }

// NewConnectOptions returns nothing: the options come in the body.
func (*RestartREST) NewConnectOptions() (runtime.Object, bool, string) { return nil, false, "" }

// Connect restarts the virtual machine called name.
func (r *RestartREST) Connect(ctx context.Context, name string, _ runtime.Object, responder rest.Responder) (http.Handler, error) {
	return subresource.Verb(responder, http.StatusAccepted, func(req *http.Request) error {
		options := &v1.RestartOptions{}
		if err := subresource.Options(req, options, &options.DryRun); err != nil {
			return err
		}
		if g := options.GracePeriodSeconds; g != nil {
			if *g > 0 {
				return apierrors.NewBadRequest("For force restart, only gracePeriod=0 is supported for now")
			}
			if *g < 0 {
				return apierrors.NewBadRequest("gracePeriod has to be greater or equal to 0")
			}
		}
		vmi, err := r.instances.Instance(ctx, name)
		if err != nil {
			return err
		}
		do := func(vm *v1.VirtualMachine) (part, error) { return restart(vm, vmi) }
		if options.GracePeriodSeconds == nil || len(options.DryRun) > 0 {
			return r.machines.apply(ctx, name, options.DryRun, do)
		}
		if err := r.machines.apply(ctx, name, []string{"All"}, do); err != nil {
			return err
		}
		if err := r.instances.SetGracePeriod(ctx, name, forcedGraceSeconds); err != nil {
			return err
		}
		return r.machines.apply(ctx, name, nil, do)
	}), nil
}

// restart is the table of what a restart does, by run strategy and instance.
func restart(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (part, error) {
	switch strategy := vm.EffectiveRunStrategy(); {
	case strategy == v1.RunStrategyHalted, strategy == v1.RunStrategyOnce:
		// The misspelt word is what clients of the published API see and match.
		return nothing, conflict(vm.Name, fmt.Sprintf("RunStategy %s does not support manual restart requests", strategy))
	case !exists(vmi):
		return nothing, conflict(vm.Name, "VM is not running: "+string(v1.RunStrategyHalted))
	}
	return request(vm,
		v1.VirtualMachineStateChangeRequest{Action: v1.StopRequest, UID: &vmi.UID},
		v1.VirtualMachineStateChangeRequest{Action: v1.StartRequest})
}
