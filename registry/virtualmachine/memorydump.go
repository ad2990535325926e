// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"context"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
	"github.com/virtplane/virtplane/registry/subresource"
)

var memoryDumpField = fieldpath.MakePathOrDie("status", "memoryDumpRequest")

// memoryDump would write the memory of the guest to a claim.
func (v verbs) memoryDump(req *http.Request, name string) (http.Handler, error) {
	if err := v.checkHotplug(); err != nil {
		return nil, err
	}
	options := &v1.VirtualMachineMemoryDumpRequest{}
	given, err := subresource.ReadOptions(req, options)
	switch {
	case err != nil:
		return nil, err
	case !given:
		return nil, apierrors.NewBadRequest("Request with no body")
	}
	vm, err := v.machines.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	if err := checkMemoryDump(vm, options.ClaimName); err != nil {
		return nil, err
	}
	if err := v.checkDumped(req.Context(), name); err != nil {
		return nil, err
	}
	return nil, subresource.NotImplemented("dumping the memory of a guest")
}

// checkMemoryDump tells whether what is known of former dumps lets another begin.
func checkMemoryDump(vm *v1.VirtualMachine, claim string) error {
	former := vm.Status.MemoryDumpRequest
	switch {
	case former == nil && claim == "":
		return apierrors.NewBadRequest("Memory dump requires claim name to be set")
	case former == nil:
		return nil
	case claim != "" && claim != former.ClaimName:
		return conflict(vm.Name, fmt.Sprintf("can't request memory dump for pvc [%s] while pvc [%s] is still associated as the memory dump pvc", claim, former.ClaimName))
	case former.Phase == v1.MemoryDumpDissociating:
		return conflict(vm.Name, fmt.Sprintf("can't dump memory for pvc [%s] a remove memory dump request is in progress", former.ClaimName))
	case former.Phase != v1.MemoryDumpCompleted && former.Phase != v1.MemoryDumpFailed:
		return conflict(vm.Name, fmt.Sprintf("memory dump request for pvc [%s] already in progress", former.ClaimName))
	}
	return nil
}

// checkDumped tells whether there is a guest whose memory can be dumped.
func (v verbs) checkDumped(ctx context.Context, name string) error {
	vmi, err := v.instances.Instance(ctx, name)
	switch {
	case err != nil:
		return err
	case vmi == nil:
		return frame.Instance.NotFound(name)
	case !vmi.IsRunning():
		return frame.Instance.Conflict(name, "VMI is not running")
	}
	return nil
}

// removeMemoryDump gives the claim of a former dump free.
func (v verbs) removeMemoryDump(req *http.Request, name string) (http.Handler, error) {
	writer, err := subresource.WriterOf(req, subresource.DryRun(req))
	if err != nil {
		return nil, err
	}
	if err := v.machines.apply(req.Context(), name, "removememorydump", writer, removeMemoryDump); err != nil {
		return nil, err
	}
	return subresource.Done(http.StatusAccepted), nil
}

func removeMemoryDump(vm *v1.VirtualMachine) (effect, error) {
	former := vm.Status.MemoryDumpRequest
	switch {
	case former == nil:
		return none, conflict(vm.Name, fmt.Sprintf("can't remove memory dump association for vm %s, no association found", vm.Name))
	case former.Remove:
		return none, conflict(vm.Name, fmt.Sprintf("memory dump remove request for pvc [%s] already exists", former.ClaimName))
	}
	vm.Status.MemoryDumpRequest = &v1.VirtualMachineMemoryDumpRequest{
		ClaimName: former.ClaimName, Phase: v1.MemoryDumpDissociating, Remove: true,
	}
	return changedStatus(memoryDumpField), nil
}
