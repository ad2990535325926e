// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// StartREST serves virtualmachines/start.
type StartREST struct {
	machines  machineStore
	instances InstanceStore
}

var _ rest.Connecter = &StartREST{}

// New returns the body of the request.
func (*StartREST) New() runtime.Object { return &v1.StartOptions{} }

// Destroy does nothing: the main storage owns the store.
func (*StartREST) Destroy() {}

// ConnectMethods returns PUT.
func (*StartREST) ConnectMethods() []string { return []string{http.MethodPut} }

// NewConnectOptions returns nothing: the options come in the body.
func (*StartREST) NewConnectOptions() (runtime.Object, bool, string) { return nil, false, "" }

// Connect starts the virtual machine called name.
func (r *StartREST) Connect(ctx context.Context, name string, _ runtime.Object, responder rest.Responder) (http.Handler, error) {
	return subresource.Verb(responder, http.StatusAccepted, func(req *http.Request) error {
		options := &v1.StartOptions{}
		if err := subresource.Options(req, options, &options.DryRun); err != nil {
			return err
		}
		vmi, err := r.instances.Instance(ctx, name)
		if err != nil {
			return err
		}
		return r.machines.apply(ctx, name, options.DryRun, func(vm *v1.VirtualMachine) (part, error) {
			return start(vm, vmi, options.Paused)
		})
	}), nil
}

// start is the table of what a start does, by run strategy and instance.
func start(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, paused bool) (part, error) {
	if vmi != nil && !vmi.IsFinal() && vmi.Status.Phase != v1.Unset && vmi.Status.Phase != v1.Unknown {
		return nothing, conflict(vm.Name, "VM is already running")
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
			return nothing, conflict(vm.Name, "RerunOnFailure does not support starting VM from failed state")
		}
		return request(vm, v1.VirtualMachineStateChangeRequest{Action: v1.StopRequest, UID: &vmi.UID}, begin)
	}
	return nothing, conflict(vm.Name, fmt.Sprintf("%s does not support manual start requests", strategy))
}
