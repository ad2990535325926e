// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// sev puts the gate of encrypted guests before a route: it is asked before anything else.
func (i *Instances) sev(next subresource.Func) subresource.Func {
	return func(req *http.Request, name string) (http.Handler, error) {
		if !i.around.Gates.SEV() {
			return nil, apierrors.NewBadRequest("'WorkloadEncryptionSEV' feature gate is not enabled")
		}
		return next(req, name)
	}
}

func onNode(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	if vmi.Status.Phase != v1.Scheduled && !vmi.IsRunning() {
		return conflict(vmi.Name, "VMI is not assigned to a node yet")
	}
	return nil
}

func attested(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	security := vmi.Spec.Domain.LaunchSecurity
	if security == nil || security.SEV == nil || security.SEV.Attestation == nil {
		return conflict(vmi.Name, "Attestation not requested for VMI")
	}
	return nil
}

// setupSession would hand the keys of a session to a guest that waits for them.
func (i *Instances) setupSession(req *http.Request, name string) (http.Handler, error) {
	options := &v1.SEVSessionOptions{}
	given, err := subresource.ReadOptions(req, options)
	switch {
	case err != nil:
		return nil, err
	case !given:
		return nil, apierrors.NewBadRequest("Request with no body: SEV session parameters are required")
	case options.Session == "":
		return nil, apierrors.NewBadRequest("Session blob is required")
	case options.DHCert == "":
		return nil, apierrors.NewBadRequest("DH cert is required")
	}
	vmi, err := i.checked(req.Context(), name, []check{scheduled, attested})
	if err != nil {
		return nil, err
	}
	if sev := vmi.Spec.Domain.LaunchSecurity.SEV; sev.Session != "" || sev.DHCert != "" {
		return nil, conflict(name, "Session already defined")
	}
	return nil, subresource.NotImplemented("attestation of guests with encrypted memory")
}

func scheduled(_ context.Context, vmi *v1.VirtualMachineInstance) error {
	if vmi.Status.Phase != v1.Scheduled {
		return conflict(vmi.Name, "VMI is not in Scheduled phase")
	}
	return nil
}

func secretOptions() options {
	return options{values: &v1.SEVSecretOptions{}, missing: "Request with no body: SEV secret parameters are required"}
}
