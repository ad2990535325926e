// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
	"github.com/virtplane/virtplane/registry/subresource"
)

// InstanceStore reads and changes the instances of virtual machines.
type InstanceStore interface {
	// Instance returns the instance called name, or nil when there is none.
	Instance(ctx context.Context, name string) (*v1.VirtualMachineInstance, error)
	// SetGracePeriod sets how long an instance may take to shut down, in seconds.
	SetGracePeriod(ctx context.Context, name, verb string, writer subresource.Writer, seconds int64) error
}

// InstanceVerbs does what a verb of a virtual machine does to its instance.
type InstanceVerbs interface {
	CancelEvacuation(req *http.Request, vmi *v1.VirtualMachineInstance) (http.Handler, error)
	PortForward(req *http.Request, vmi *v1.VirtualMachineInstance) (http.Handler, error)
	Log(req *http.Request, vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (http.Handler, error)
}

// verbs are the subresources of virtual machines.
type verbs struct {
	machines  machineStore
	instances InstanceStore
	guests    InstanceVerbs
	gates     subresource.Gates
}

// endpoints returns the subresources by name.
func (v verbs) endpoints() map[string]*subresource.Endpoint {
	machine := func() runtime.Object { return &v1.VirtualMachine{} }
	return map[string]*subresource.Endpoint{
		"start":   subresource.Put(func() runtime.Object { return &v1.StartOptions{} }, v.start),
		"stop":    subresource.Put(func() runtime.Object { return &v1.StopOptions{} }, v.stop),
		"restart": subresource.Put(func() runtime.Object { return &v1.RestartOptions{} }, v.restart),
		"migrate": subresource.Put(func() runtime.Object { return &v1.MigrateOptions{} }, v.migrate),

		"memorydump":       subresource.Put(func() runtime.Object { return &v1.VirtualMachineMemoryDumpRequest{} }, v.memoryDump),
		"removememorydump": subresource.Put(machine, v.removeMemoryDump),
		"addvolume":        subresource.Put(func() runtime.Object { return &v1.AddVolumeOptions{} }, v.addVolume),
		"removevolume":     subresource.Put(func() runtime.Object { return &v1.RemoveVolumeOptions{} }, v.removeVolume),

		"expand-spec": subresource.Get(machine, v.expandSpec),
		"objectgraph": subresource.Get(func() runtime.Object { return &v1.ObjectGraphNode{} }, v.objectGraph),
		"log":         subresource.Get(machine, v.log),
		"portforward": subresource.New(machine, subresource.Route{Method: http.MethodGet, Tail: subresource.Any, Do: v.portForward}),
		"evacuate": subresource.New(func() runtime.Object { return &v1.EvacuateCancelOptions{} },
			subresource.Route{Method: http.MethodPut, Tail: "cancel", Do: v.cancelEvacuation}),
	}
}

// instanceOf returns the instance of the virtual machine called name, which must have been started.
func (v verbs) instanceOf(ctx context.Context, name string) (*v1.VirtualMachineInstance, error) {
	vm, err := v.machines.get(ctx, name)
	if err != nil {
		return nil, err
	}
	if !vm.Status.Created {
		return nil, conflict(name, "VMI is not started")
	}
	vmi, err := v.instances.Instance(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case vmi == nil:
		return nil, frame.Instance.NotFound(name)
	}
	for _, owner := range vmi.OwnerReferences {
		if owner.UID == vm.UID {
			return vmi, nil
		}
	}
	return nil, conflict(name, "the instance of that name does not belong to this virtual machine; use the instance itself")
}
