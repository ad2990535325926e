// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/proxy"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// ConsoleREST serves virtualmachineinstances/console: a websocket to the guest's first serial port.
type ConsoleREST struct {
	store *genericregistry.Store
	nodes Nodes
}

var _ rest.Connecter = &ConsoleREST{}

// New returns the options of the request.
func (*ConsoleREST) New() runtime.Object { return &v1.ConsoleOptions{} }

// Destroy does nothing: the main storage owns the store.
func (*ConsoleREST) Destroy() {}

// ConnectMethods returns GET, the method of websocket handshakes.
func (*ConsoleREST) ConnectMethods() []string { return []string{http.MethodGet} }

// NewConnectOptions returns nothing: the console takes no options.
func (*ConsoleREST) NewConnectOptions() (runtime.Object, bool, string) { return nil, false, "" }

// Connect streams the console of the instance called name. Every check comes before the upgrade, so
// that a refusal is an ordinary HTTP answer.
func (r *ConsoleREST) Connect(ctx context.Context, name string, _ runtime.Object, responder rest.Responder) (http.Handler, error) {
	vmi, err := get(ctx, r.store, name)
	if err != nil {
		return nil, err
	}
	switch {
	case !vmi.SerialConsole():
		return nil, apierrors.NewBadRequest("No serial consoles are present.")
	case vmi.Status.Phase == v1.Failed:
		return nil, conflict(name, "VMI is in failed status")
	case !vmi.IsRunning():
		return nil, apierrors.NewBadRequest("VMI is not running")
	}
	location, transport, err := locate(r.nodes, vmi, "console")
	if err != nil {
		return nil, err
	}
	handler := proxy.NewUpgradeAwareHandler(location, transport, false, true, proxy.NewErrorResponder(responder))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// The plugin knows this server by its certificate; what identifies the user stays here.
		req.Header.Del("Authorization")
		req.Header.Del("Cookie")
		handler.ServeHTTP(w, req)
	}), nil
}
