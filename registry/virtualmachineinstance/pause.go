// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
	"github.com/virtplane/virtplane/registry/subresource"
)

const (
	// pluginTimeout is how long a node's plugin may take for a verb; the same as clients know.
	pluginTimeout = 10 * time.Second
	// maxAnswer caps what is read of a plugin's answer, in bytes.
	maxAnswer = 64 << 10
)

// pauseWithProbe is a text of the published API.
const pauseWithProbe = "Pausing VMIs with LivenessProbe is currently not supported"

// PauseREST serves virtualmachineinstances/pause and virtualmachineinstances/unpause.
type PauseREST struct {
	store *genericregistry.Store
	nodes Nodes
	verb  verb
}

// verb is one of the two directions.
type verb struct {
	name    string
	options func() (runtime.Object, *[]string)
	check   func(*v1.VirtualMachineInstance) error
}

var pause = verb{
	name: "pause",
	options: func() (runtime.Object, *[]string) {
		o := &v1.PauseOptions{}
		return o, &o.DryRun
	},
	check: func(vmi *v1.VirtualMachineInstance) error {
		switch {
		case !vmi.IsRunning():
			return conflict(vmi.Name, "VM is not running")
		case vmi.Spec.LivenessProbe != nil:
			return apierrors.NewForbidden(frame.Instance.Resource(), vmi.Name, fmt.Errorf("%s", pauseWithProbe))
		case vmi.HasCondition(v1.VirtualMachineInstancePaused):
			return conflict(vmi.Name, "VMI is already paused")
		}
		return nil
	},
}

var unpause = verb{
	name: "unpause",
	options: func() (runtime.Object, *[]string) {
		o := &v1.UnpauseOptions{}
		return o, &o.DryRun
	},
	check: func(vmi *v1.VirtualMachineInstance) error {
		switch {
		case !vmi.IsRunning():
			return conflict(vmi.Name, "VMI is not running")
		case !vmi.HasCondition(v1.VirtualMachineInstancePaused):
			return conflict(vmi.Name, "VMI is not paused")
		}
		return nil
	},
}

var _ rest.Connecter = &PauseREST{}

// New returns the body of the request.
func (r *PauseREST) New() runtime.Object {
	options, _ := r.verb.options()
	return options
}

// Destroy does nothing: the main storage owns the store.
func (*PauseREST) Destroy() {}

// ConnectMethods returns PUT.
func (*PauseREST) ConnectMethods() []string { return []string{http.MethodPut} }

// NewConnectOptions returns nothing: the options come in the body.
func (*PauseREST) NewConnectOptions() (runtime.Object, bool, string) { return nil, false, "" }

// Connect stops or continues the CPUs of the instance called name.
func (r *PauseREST) Connect(ctx context.Context, name string, _ runtime.Object, responder rest.Responder) (http.Handler, error) {
	return subresource.Verb(responder, http.StatusOK, func(req *http.Request) error {
		options, dryRun := r.verb.options()
		if err := subresource.Options(req, options, dryRun); err != nil {
			return err
		}
		vmi, err := get(ctx, r.store, name)
		if err != nil {
			return err
		}
		if err := r.verb.check(vmi); err != nil {
			return err
		}
		if len(*dryRun) > 0 {
			return nil
		}
		return r.forward(ctx, vmi)
	}), nil
}

func (r *PauseREST) forward(ctx context.Context, vmi *v1.VirtualMachineInstance) error {
	location, transport, err := locate(r.nodes, vmi, r.verb.name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pluginTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, location.String(), nil)
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	answer, err := transport.RoundTrip(req)
	if err != nil {
		return apierrors.NewInternalError(fmt.Errorf("%s through the plugin of node %q: %w", r.verb.name, vmi.Status.NodeName, err))
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if answer.StatusCode/100 == 2 {
		return nil
	}
	status := metav1.Status{}
	if json.Unmarshal(body, &status) == nil && status.Status == metav1.StatusFailure && status.Code >= 400 {
		return apierrors.FromObject(&status)
	}
	return apierrors.NewInternalError(fmt.Errorf("unexpected return code %d (%s), message: %s", answer.StatusCode, answer.Status, body))
}
