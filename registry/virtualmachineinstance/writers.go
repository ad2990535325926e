// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"errors"
	"fmt"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// NodePluginAccount is the service account of the node plugins.
const NodePluginAccount = "virt-nodeplugin"

// Writers limits who may write the status of which instance. What RBAC grants to all node plugins
// holds here only for the instances of the plugin's own node: a node that was taken over must not
// reach the guests of another.
type Writers struct {
	// Namespace is where virtplane is installed.
	Namespace string
}

// guard is the rule as the status subresource asks for it.
func (w Writers) guard(ctx context.Context, obj, old runtime.Object) error {
	return w.authorize(ctx, obj.(*v1.VirtualMachineInstance), old.(*v1.VirtualMachineInstance))
}

// owner refuses plugins what is for owners of instances, whatever their roles say: the status is all
// that a plugin ever writes.
func (w Writers) owner(ctx context.Context, name string) error {
	caller, ok := request.UserFrom(ctx)
	if ok && w.isPlugin(caller) {
		return apierrors.NewForbidden(v1.Resource("virtualmachineinstances"), name, errors.New("a node plugin may write the status of instances and nothing else"))
	}
	return nil
}

func (w Writers) isPlugin(caller user.Info) bool {
	return caller.GetName() == serviceaccount.MakeUsername(w.Namespace, NodePluginAccount)
}

func (w Writers) authorize(ctx context.Context, vmi, old *v1.VirtualMachineInstance) error {
	caller, ok := request.UserFrom(ctx)
	if !ok {
		return apierrors.NewInternalError(fmt.Errorf("request without a user"))
	}
	if !w.isPlugin(caller) {
		return nil
	}
	node := nodeOf(caller)
	switch {
	case node == "":
		return w.refuse(old, "the token of the node plugin names no node; use a token that is bound to the plugin's pod")
	case old.Status.NodeName != node:
		return w.refuse(old, fmt.Sprintf("node %q may not write the status of an instance of node %q", node, old.Status.NodeName))
	case vmi.Status.NodeName != old.Status.NodeName, !maps.Equal(vmi.Status.ActivePods, old.Status.ActivePods):
		return w.refuse(old, "a node plugin may not change status.nodeName or status.activePods")
	}
	return nil
}

func (w Writers) refuse(vmi *v1.VirtualMachineInstance, message string) error {
	return apierrors.NewForbidden(v1.Resource("virtualmachineinstances/status"), vmi.Name, errors.New(message))
}

// nodeOf returns the node that the caller's bound token names, or nothing.
func nodeOf(caller user.Info) string {
	if names := caller.GetExtra()[serviceaccount.NodeNameKey]; len(names) == 1 {
		return names[0]
	}
	return ""
}
