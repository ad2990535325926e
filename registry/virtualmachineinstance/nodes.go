// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// Nodes reaches the plugins of the nodes.
type Nodes interface {
	// Plugin returns the base URL of a node's plugin and a transport that trusts that plugin alone.
	Plugin(node string) (*url.URL, http.RoundTripper, error)
}

// get returns the instance called name, or the error that clients of the subresources know.
func get(ctx context.Context, store *genericregistry.Store, name string) (*v1.VirtualMachineInstance, error) {
	obj, err := store.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, frame.Instance.Rename(err, name)
	}
	return obj.(*v1.VirtualMachineInstance), nil
}

func conflict(name, message string) error { return frame.Instance.Conflict(name, message) }

// locate returns where the plugin of an instance's node serves verb.
func locate(nodes Nodes, vmi *v1.VirtualMachineInstance, verb string) (*url.URL, http.RoundTripper, error) {
	base, transport, err := nodes.Plugin(vmi.Status.NodeName)
	if err != nil {
		return nil, nil, apierrors.NewServiceUnavailable(fmt.Sprintf("reach the plugin of node %q: %v", vmi.Status.NodeName, err))
	}
	location := *base
	location.Path = path.Join("/v1/namespaces", vmi.Namespace, "virtualmachineinstances", vmi.Name, verb)
	return &location, transport, nil
}
