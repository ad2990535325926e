// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// reset presses the reset button of a guest. The node knows better than the stored phase whether there
// is one, so nothing is checked before; the phase explains what the node says.
func (i *Instances) reset(req *http.Request, name string) (http.Handler, error) {
	vmi, err := i.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	if len(subresource.DryRun(req)) > 0 {
		_, err = i.hop.locate(vmi, "reset")
	} else {
		err = i.do(req.Context(), vmi, "reset", nil)
	}
	var known *apierrors.StatusError
	switch {
	case err == nil:
		return subresource.Done(http.StatusOK), nil
	case vmi.IsRunning() || !errors.As(err, &known):
		return nil, err
	}
	explained := *known
	explained.ErrStatus.Message = fmt.Sprintf("Failed to reset non-running VMI with phase %s: %s", vmi.Status.Phase, known.ErrStatus.Message)
	return nil, &explained
}

// canReboot refuses when there is nobody in the guest who could be asked.
func canReboot(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	features := vmi.Spec.Domain.Features
	withoutACPI := features != nil && features.ACPI.Enabled != nil && !*features.ACPI.Enabled
	if withoutACPI && !vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected) {
		return conflict(vmi.Name, "VMI neither have the agent connected nor the ACPI feature enabled")
	}
	return nil
}
