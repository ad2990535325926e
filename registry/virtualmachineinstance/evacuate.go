// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

var evacuationField = fieldpath.MakePathOrDie("status", "evacuationNodeName")

func (i *Instances) cancelEvacuation(req *http.Request, name string) (http.Handler, error) {
	vmi, err := i.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	return i.CancelEvacuation(req, vmi)
}

// CancelEvacuation withdraws the order to move a guest away from its node.
func (i *Instances) CancelEvacuation(req *http.Request, vmi *v1.VirtualMachineInstance) (http.Handler, error) {
	options := &v1.EvacuateCancelOptions{}
	if err := subresource.Options(req, options, &options.DryRun); err != nil {
		return nil, err
	}
	if err := i.checkDrained(req, vmi); err != nil {
		return nil, err
	}
	if vmi.Status.EvacuationNodeName == "" {
		return subresource.Done(http.StatusOK), nil
	}
	writer, err := subresource.WriterOf(req, options.DryRun)
	if err != nil {
		return nil, err
	}
	err = i.update(req.Context(), i.status, vmi.Name, "evacuate", writer, fieldpath.NewSet(), fieldpath.NewSet(evacuationField),
		func(vmi *v1.VirtualMachineInstance) error {
			if node := vmi.Status.EvacuationNodeName; node != options.EvacuationNodeName {
				return conflict(vmi.Name, fmt.Sprintf("evacuationNodeName: the guest leaves node %q, not %q", node, options.EvacuationNodeName))
			}
			vmi.Status.EvacuationNodeName = ""
			return nil
		})
	if err != nil {
		return nil, err
	}
	return subresource.Done(http.StatusOK), nil
}

// checkDrained refuses while the node still says that its guests shall leave: the order would be given again.
func (i *Instances) checkDrained(req *http.Request, vmi *v1.VirtualMachineInstance) error {
	node := vmi.Status.EvacuationNodeName
	if node == "" {
		node = vmi.Status.NodeName
	}
	if node == "" {
		return nil
	}
	taint, err := i.around.Drained(req.Context(), node)
	switch {
	case err != nil:
		return apierrors.NewInternalError(err)
	case taint != "":
		return apierrors.NewBadRequest(fmt.Sprintf("Node %q has NodeDrainTaintKey %q", node, taint))
	}
	return nil
}
